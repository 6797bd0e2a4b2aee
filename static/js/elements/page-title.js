// <page-title value="You are next"> puts its words into the page's title for as long as it
// stands in the page; with count, the number also goes in front and onto the tab's picture.
// cue: changes when there is something new to hear (quiet-cue listens).

const base = document.title
const icon = document.querySelector("link[rel=icon]")
const plain = icon?.href

function draw(count) {
  const badge = `<circle cx="23" cy="9" r="9" fill="#1d4ed8"/><text x="23" y="13.500" font-family="sans-serif" font-size="12" font-weight="700" fill="#fff" text-anchor="middle">${count > 9 ? "9+" : count}</text>`
  const hand = `<rect width="32" height="32" rx="7" fill="#f4b63f"/>`
  return "data:image/svg+xml," + encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${hand}${badge}</svg>`)
}

customElements.define("page-title", class extends HTMLElement {
  connectedCallback() {
    const count = Number(this.getAttribute("count") || 0)
    const value = this.getAttribute("value")
    document.title = count ? `(${count}) ${value}` : value
    if (icon && this.hasAttribute("count")) icon.href = count ? draw(count) : plain
    const cue = this.getAttribute("cue")
    if (cue !== null) document.dispatchEvent(new CustomEvent("helpdesk:cue", { detail: cue }))
  }
  disconnectedCallback() {
    // Another one may already stand in its place.
    if (!document.querySelector("page-title")) document.title = base
  }
})
