// <after-time at="2026-…">…</after-time> is not shown before its time. It appears in place, by
// itself, and moves nothing that stands above it.

customElements.define("after-time", class extends HTMLElement {
  connectedCallback() {
    const left = Date.parse(this.getAttribute("at")) - Date.now()
    this.hidden = left > 0
    if (left > 0) this.waiting = setTimeout(() => { this.hidden = false }, left)
  }
  disconnectedCallback() { clearTimeout(this.waiting) }
})
