// <sentence-starter data-key="…"><textarea>…</textarea><output></output></sentence-starter> puts a
// chosen starter into the text, counts the characters, and keeps a draft in this tab until the
// server has it: a reload or a network that is away loses nothing.

customElements.define("sentence-starter", class extends HTMLElement {
  connectedCallback() {
    const text = this.querySelector("textarea")
    const form = this.closest("form")
    const place = `helpdesk-draft-${this.dataset.key}`
    const saved = text.value
    const draft = sessionStorage.getItem(place)
    if (draft !== null && draft !== saved) {
      text.value = draft
      // Once htmx knows the form.
      const save = ({ target }) => {
        if (!target.contains(form)) return
        document.removeEventListener("htmx:load", save)
        htmx.trigger(form, "save")
      }
      document.addEventListener("htmx:load", save)
    }
    const count = () => { this.querySelector("output").textContent = `${[...text.value].length} ${this.dataset.count}` }
    text.addEventListener("input", () => { sessionStorage.setItem(place, text.value); count() })
    // htmx calls each answer that it shows a success, also "the help desk is busy".
    form.addEventListener("htmx:afterRequest", ({ detail }) => { if (detail.successful && detail.xhr.status === 200) sessionStorage.removeItem(place) })
    this.again = () => { if (sessionStorage.getItem(place) !== null) htmx.trigger(form, "save") }
    addEventListener("online", this.again)
    // Choosing a starter writes it, unless something of their own stands there already.
    let written = [...form.querySelectorAll("[data-starter]")].find((each) => each.dataset.starter === text.value)?.dataset.starter ?? ""
    form.addEventListener("change", ({ target }) => {
      const starter = target.dataset?.starter
      if (!starter || (text.value.trim() && text.value !== written)) return
      text.value = written = starter
      const gap = starter.indexOf("___")
      text.focus()
      text.setSelectionRange(gap < 0 ? starter.length : gap, gap < 0 ? starter.length : gap + 3)
      text.dispatchEvent(new Event("input", { bubbles: true }))
    }, true)
    count()
  }
  disconnectedCallback() { removeEventListener("online", this.again) }
})
