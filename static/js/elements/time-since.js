// <time-since datetime="…" unit="min">10:42</time-since> counts whole minutes in the browser,
// so that the clock alone never makes the server draw a region again.

const shown = new Set()

function tell(element) {
  const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(element.getAttribute("datetime"))) / 60000))
  const unit = document.createElement("small")
  unit.textContent = element.getAttribute("unit")
  element.replaceChildren(String(minutes), " ", unit)
}

customElements.define("time-since", class extends HTMLElement {
  connectedCallback() {
    this.title ||= this.textContent.trim()
    shown.add(this)
    tell(this)
  }
  disconnectedCallback() { shown.delete(this) }
})

setInterval(() => shown.forEach(tell), 15000)
