// Keeps a class page honest. htmx and its socket extension do the moving; this file holds
// the promises that they do not make.

const main = document.querySelector("[data-regions]")
const sign = document.getElementById("live")
const REFRESH = 10000 // ms: how often a page without a socket asks for the present state
let open = false
let updated = new Date()

// Whoever signs out or says "Not you?" is on the way to another page already.
let leaving = false
document.addEventListener("submit", ({ target }) => {
  leaving ||= target !== moves && !target.hasAttribute("hx-post")
})

// The buttons of the regions submit one form. Each tap is a request of its own: one that comes
// while another is under way, by a button that a push has just replaced, keeps its address.
const moves = document.getElementById("move")
if (main) moves?.addEventListener("submit", (event) => {
  event.preventDefault()
  const { name, value } = event.submitter
  const source = document.createElement("i")
  source.hidden = true
  main.append(source)
  const done = () => source.remove()
  const values = name ? { [name]: value } : {}
  const answer = { source, swap: "none", values }
  htmx.ajax("POST", event.submitter.getAttribute("formaction"), answer).then(done, done)
})

// A push never steals the keyboard, and never shuts what somebody opened. Rows are the same for
// every helper; which of them are a colleague's is told apart here.
let focused
let opened = []
function keep() {
  const at = document.activeElement
  focused = at?.matches("summary") ? at.parentElement.id : at?.id
  opened = [...document.querySelectorAll("details[open][id]")]
}
function mine() {
  for (const row of document.querySelectorAll("[data-helper]")) {
    row.classList.toggle("queue-item--others", row.dataset.helper !== main.dataset.me)
  }
}
if (main) mine()

// The cards below a student's hand are fetched anew when the hand is another one, or has come to
// another stage; what was being typed is saved first.
function renew() {
  const coach = document.getElementById("coach")
  const shows = document.getElementById("my-request")?.dataset.coach
  if (!coach || shows === undefined || coach.dataset.shows === shows) return
  coach.dataset.shows = shows
  const typing = coach.querySelector("textarea")
  if (typing && typing.value !== typing.defaultValue) htmx.trigger(typing.form, "save")
  // A push can be faster than the answer to the tap that caused it: an answer whose button is gone
  // from the page would find no place for what it brings.
  const again = () => htmx.trigger(coach, "renew")
  if (coach.querySelector(".htmx-request")) coach.addEventListener("htmx:afterRequest", again, { once: true })
  else again()
}
function giveBack() {
  mine()
  renew()
  for (const was of opened) {
    const now = document.getElementById(was.id)
    if (!now) continue
    handOver(panelOf(was), panelOf(now))
    now.open = true
  }
  const at = document.getElementById(focused)
  focusOn(at?.matches("details") ? at.firstElementChild : at)
}
function focusOn(element) {
  if (element !== document.activeElement) element?.focus({ preventScroll: true })
}
// What is new is brought by live-news.js.
document.addEventListener("helpdesk:bringing", keep)
document.addEventListener("helpdesk:brought", giveBack)

// What stands behind "More" is fetched when it is opened, and anew when its row changes while it is
// open: until then it shows what it had. Where nothing comes, a link leads there.
const panelOf = (details) => details?.querySelector(".queue-item__panel")
let coming // whose is on its way, and of which version of its row
document.addEventListener("toggle", ({ target }) => {
  if (target.open && panelOf(target)) fill(target.id, panelOf(target))
}, true)
async function fill(id, panel) {
  const { version, shows } = panel.dataset
  if (shows === version || coming === id + version) return
  coming = id + version
  const more = await get(panel.firstElementChild.href).then((answer) => answer.ok && answer.text()).catch(() => "")
  if (coming !== id + version) return
  coming = ""
  panel = panelOf(document.getElementById(id))
  if (panel?.dataset.version !== version) return
  delete panel.dataset.shows
  if (!more) return
  const place = panel.lastElementChild
  const isUsed = panel.contains(document.activeElement)
  htmx.swap(place, more, {})
  panel.dataset.shows = version
  // What had the keyboard may be gone.
  if (isUsed && !place.contains(document.activeElement)) focusOn(panel.previousElementSibling)
}
function handOver(from, to) {
  if (!from?.dataset.shows || !to || to === from) return
  to.lastElementChild.replaceChildren(...from.lastElementChild.childNodes)
  to.dataset.shows = from.dataset.shows
  delete from.dataset.shows
}

// The page says whether it is live.
function say(state) {
  if (!sign) return
  sign.dataset.live = state
  const time = updated.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" })
  sign.textContent = state === "off" ? `${sign.dataset.off} ${time}` : sign.dataset[state]
}

// The socket's address says what the page shows of each audience, so that only what is newer comes
// (live/sockets.py).
const shown = () => [...document.querySelectorAll("[data-live-of]")]
  .map(({ dataset }) => `${dataset.liveOf}=${dataset.version}.${dataset.digest}`).join()
// So does each of its taps (live/page.py).
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (main) detail.headers["X-Shows"] = shown()
})
// What came follows on something that did not come.
document.addEventListener("helpdesk:lacking", () => ask())
document.addEventListener("helpdesk:anew", () => isWriting() || location.reload())
let socket
let knocked // when it asked to be let in
htmx.createWebSocket = (url) => {
  socket = new WebSocket(`${url}?ticket=${encodeURIComponent(main.dataset.ticket)}&have=${shown()}`)
  knocked = Date.now()
  return socket
}
let wrapper
let heard = Date.now()
let tries = 0
document.addEventListener("htmx:wsOpen", ({ detail }) => {
  wrapper = detail.socketWrapper
  open = true
  tries = 0
  heard = Date.now()
})
document.addEventListener("htmx:wsBeforeMessage", () => {
  heard = Date.now()
  updated = new Date()
  if (open) say("on")
})
document.addEventListener("htmx:wsClose", ({ detail }) => {
  wrapper = detail.socketWrapper
  open = false
  const code = detail.event?.code
  if (code === 4403 || code === 4409) {
    // No longer let in as what this page is, or the page is from another time.
    if (!leaving && !(code === 4409 && isWriting())) location.reload()
    return
  }
  if (sign?.dataset.live !== "off") say("again") // one more try that did not work is no news
  later()
})

// When to try again is said here alone: htmx would try besides, and shut what is open by then. Tries
// are spread out, so that a whole school does not come back in one second.
let next
htmx.config.wsReconnectDelay = () => 2 ** 31 - 1 // the longest that a timer can wait
function later() {
  clearTimeout(next)
  next = setTimeout(reconnect, Math.random() * Math.min(30000, 1000 * 2 ** tries++))
}
function reconnect() {
  clearTimeout(next)
  if (wrapper) socket.onclose = null
  socket.close() // where the first one of all has not come about, its end brings the next
  wrapper?.reconnect()
}
function isWriting() {
  return [...document.querySelectorAll("textarea")].some((each) => each.value !== each.defaultValue)
}

// A beat comes every four seconds. Silence is a network that went away without a word; there a new
// socket would wait for minutes to be let in.
const SILENCE = 9000 // ms: two beats and some
const HANDSHAKE = 8000
const isKnocking = () => socket?.readyState === WebSocket.CONNECTING
function listen() {
  // What it asked for did not come, or came too early.
  if (document.querySelector('[data-digest=""]') && Date.now() - asked > 3000) ask()
  if (isKnocking() && Date.now() - knocked > HANDSHAKE) return reconnect()
  if (!open || Date.now() - heard < SILENCE) return
  open = false
  say("again")
  reconnect()
  ask()
}
setInterval(listen, 1000)

// A network's portal may answer in the server's place. Only what the server says is shown.
const OURS = "X-Request-ID"
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.getResponseHeader(OURS)) return
  detail.shouldSwap = false
  detail.isError = true
  tell("lost")
})
document.addEventListener("htmx:sendError", () => tell("lost"))
// Not for long: in a silent network they would pile up, and taps wait behind them.
async function get(address, more) {
  const limit = new AbortController()
  setTimeout(() => limit.abort(), 8000)
  const answer = await fetch(address, { headers: { "HX-Request": "true", ...more }, redirect: "manual", signal: limit.signal })
  if (!answer.headers.has(OURS)) throw new Error("somebody else answered")
  return answer
}

// While no socket is open the page asks for itself; so it does when it comes back from sleep.
let asking = false
let asked = 0
function ask() {
  if (!main || asking) return
  asking = true
  asked = Date.now()
  const began = Date.now()
  get(main.dataset.regions, { "X-Shows": shown() })
    .then(async (answer) => {
      if (answer.status === 404 || answer.headers.has("HX-Redirect")) return location.reload()
      if (!answer.ok) throw new Error(answer.status)
      htmx.swap("body", await answer.text(), { swapStyle: "none" })
      updated = new Date()
      if (open) return
      say("off")
      // The network is back: no need to wait for the next try, or for one that it swallowed.
      if (!isKnocking() || knocked < began) reconnect()
    })
    .catch(() => { if (!open) say("off") })
    .finally(() => { asking = false })
}
setInterval(() => { if (!open && !document.hidden) ask() }, REFRESH)
document.addEventListener("visibilitychange", () => { if (!document.hidden) { listen(); ask() } })
addEventListener("online", () => { listen(); ask() })
addEventListener("offline", () => say("again"))
// "Not you?" takes along what this browser keeps, also where a plain network (http) makes browsers
// ignore Clear-Site-Data.
addEventListener("submit", ({ target }) => {
  if (!target.matches(".leave")) return
  sessionStorage.clear()
  localStorage.clear()
})
// A page that the browser kept shows what was; whoever it was for may have signed out since.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return
  document.body.hidden = true
  location.reload()
})

// Another person in this tab: nothing that was kept for the one before is here any more. A page that
// says nobody (sign in, not let in, away) may be on the way back to the same one.
const { who } = document.body.dataset
if (who) {
  if ((sessionStorage.getItem("helpdesk-who") ?? who) !== who) sessionStorage.clear()
  sessionStorage.setItem("helpdesk-who", who)
}

// What somebody writes into a form and sends stays in this tab until a page comes that says whom it
// is for: it has arrived then. A page that says nobody has not taken it. Where the form stands it is
// put back, and the page says so. Passwords, PINs and codes are not kept.
const TYPED = "helpdesk-typed"
const here = location.pathname + location.search
const fieldsOf = (form) => [...form.elements].filter(({ name, type }) => name && !/^(pin|code)/.test(name) && !/hidden|submit|button|file|fieldset/.test(type))
const shapeOf = (form) => fieldsOf(form).map(({ name, type }) => `${type} ${name}`).join()
const isTicked = ({ type }) => type === "checkbox" || type === "radio"
addEventListener("submit", (event) => {
  const form = event.target
  if (form.getAttribute("action")?.endsWith("/logout/")) sessionStorage.clear()
  if (!who || event.defaultPrevented || form.getAttribute("method") !== "post") return
  const fields = fieldsOf(form)
  const isWritten = fields.some((each) => each.matches("textarea, input") && !isTicked(each))
  if (!isWritten || fields.some(({ type }) => type === "password")) return
  const values = fields.map((each) => (isTicked(each) ? each.checked : each.value))
  sessionStorage.setItem("helpdesk-who", who) // signing out in another tab takes all away
  sessionStorage.setItem(TYPED, JSON.stringify({ here, shape: shapeOf(form), values }))
})
function putBack() {
  const typed = JSON.parse(sessionStorage.getItem(TYPED))
  if (!typed) return
  // Back from a page of the browser: nothing could be loaded. After "Just a moment": not-saved.js.
  const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward"
  if (!who || (isBack && here === typed.here)) typed.isLost = true
  if (who && (!typed.isLost || (typed.wasShown && here !== typed.here))) return sessionStorage.removeItem(TYPED)
  const form = who && here === typed.here && [...document.forms].find((each) => shapeOf(each) === typed.shape)
  if (form) typed.wasShown = true
  sessionStorage.setItem(TYPED, JSON.stringify(typed))
  if (!form) return who || tell("kept")
  for (const [n, each] of fieldsOf(form).entries()) {
    if (isTicked(each)) each.checked = typed.values[n]
    else each.value = typed.values[n]
  }
  tell("typed")
}
function tell(what) {
  document.querySelector(".flash__message--error")?.remove()
  const told = document.createElement("p")
  told.className = "flash__message flash__message--error"
  told.textContent = document.querySelector(".messages").dataset[what]
  document.getElementById("flash").append(told)
}
putBack()
