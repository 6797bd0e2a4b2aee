// <time-zone><select>…</select></time-zone> chooses this browser's time zone, unless the page came
// back with what somebody chose.

customElements.define("time-zone", class extends HTMLElement {
  connectedCallback() {
    const list = this.querySelector("select")
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone
    const known = [...list.options].some((option) => option.value === here)
    if (known && !list.form.querySelector(".field__error")) list.value = here
  }
})
