// <print-button><button type="button">Print</button></print-button>

customElements.define("print-button", class extends HTMLElement {
  connectedCallback() {
    this.querySelector("button").addEventListener("click", () => print())
  }
})
