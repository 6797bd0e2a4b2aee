// <quiet-cue data-on="Sound is on" data-off="Sound is off"> one short soft tone when a new hand
// goes up. Off until the teacher turns it on; this browser remembers.

const KEY = "helpdesk-sound"
let heard

function tone() {
  const context = new AudioContext()
  const volume = context.createGain()
  const sound = context.createOscillator()
  sound.frequency.value = 660
  volume.gain.setValueAtTime(0.06, context.currentTime)
  volume.gain.exponentialRampToValueAtTime(0.0001, context.currentTime + 0.5)
  sound.connect(volume).connect(context.destination)
  sound.start()
  sound.stop(context.currentTime + 0.5)
  sound.onended = () => context.close()
}

customElements.define("quiet-cue", class extends HTMLElement {
  connectedCallback() {
    const button = document.createElement("button")
    button.className = "btn btn--plain"
    const say = () => {
      const on = localStorage.getItem(KEY) === "on"
      button.textContent = on ? this.dataset.on : this.dataset.off
      button.setAttribute("aria-pressed", String(on))
    }
    button.addEventListener("click", () => {
      localStorage.setItem(KEY, localStorage.getItem(KEY) === "on" ? "off" : "on")
      if (localStorage.getItem(KEY) === "on") tone()
      say()
    })
    say()
    this.replaceChildren(button)
    document.addEventListener("helpdesk:cue", ({ detail }) => {
      if (detail && heard !== undefined && detail !== heard && localStorage.getItem(KEY) === "on") tone()
      heard = detail
    })
  }
})
