// <copy-text for="id-of-a-field-or-text" done="Copied"><button type="button">Copy link</button></copy-text>

customElements.define("copy-text", class extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button")
    const words = button.textContent
    button.addEventListener("click", async () => {
      const source = document.getElementById(this.getAttribute("for"))
      await navigator.clipboard.writeText((source.value ?? source.textContent).trim())
      button.textContent = this.getAttribute("done")
      setTimeout(() => { button.textContent = words }, 2000)
    })
  }
})
