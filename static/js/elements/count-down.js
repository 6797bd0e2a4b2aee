// <count-down ends="…" now="…"> … <span data-left>60</span> … </count-down> counts the seconds
// that are left by the server's clock, and goes at its end, on every page at the same moment.
// With reduced motion the number stands still.

const still = matchMedia("(prefers-reduced-motion: reduce)")

customElements.define("count-down", class extends HTMLElement {
  connectedCallback() {
    // The page may have a clock of its own: what counts is the time since it was sent.
    const left = Date.parse(this.getAttribute("ends")) - Date.parse(this.getAttribute("now"))
    this.end = performance.now() + left
    const number = this.querySelector("[data-left]")
    number.setAttribute("role", "timer")
    number.setAttribute("aria-live", "off")
    const tell = () => { number.textContent = Math.max(0, Math.ceil((this.end - performance.now()) / 1000)) }
    tell()
    if (!still.matches) this.ticking = setInterval(tell, 250)
    this.over = setTimeout(() => this.remove(), Math.max(0, left))
  }
  disconnectedCallback() {
    clearInterval(this.ticking)
    clearTimeout(this.over)
  }
})
