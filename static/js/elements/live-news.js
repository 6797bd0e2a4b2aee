// <live-news of="queue:7/helpers" since="a1" digest="b2" version="13"> brings what one audience sees of
// a topic from one state to the next (live/shown.py): regions take the place of those with their ids,
// <live-rows> bring lists up to date. It does so where the page shows the very state before it, or for
// the whole (since="") where the page shows nothing newer. What comes too early waits for what it
// follows on; where that does not come, the page asks for it.

const WAITS = 300 + 400 * Math.random() // ms; thirty pages that lack the same ask one after another
const waiting = new Set()
const placeOf = (name) => document.querySelector(`[data-live-of="${CSS.escape(name)}"]`)

customElements.define("live-news", class extends HTMLElement {
  connectedCallback() {
    this.remove()
    bring(this)
  }
})

function bring(news) {
  const { of, since, had, digest, version } = Object.fromEntries([...news.attributes].map(({ name, value }) => [name, value]))
  const place = placeOf(of)
  if (!place || place.dataset.digest === digest) return
  if (version && Number(version) < Number(place.dataset.version)) return
  if (since && since !== place.dataset.digest) return wait(news)
  // A whole that was drawn for what the page showed before: it may be older, and no version tells.
  const isSameAge = version === place.dataset.version
  if (!since && had && isSameAge && place.dataset.digest && had !== place.dataset.digest) return lack(place)
  document.dispatchEvent(new CustomEvent("helpdesk:bringing"))
  const isWhole = [...news.firstElementChild.content.children].map(put).every(Boolean)
  document.dispatchEvent(new CustomEvent("helpdesk:brought"))
  // Where the whole has no place for something, asking again would bring the same.
  if (!isWhole && since) return lack(place)
  place.dataset.digest = digest
  if (version) place.dataset.version = version
  const others = [...waiting]
  waiting.clear()
  others.forEach(bring)
}

function wait(news) {
  waiting.add(news)
  setTimeout(() => {
    if (waiting.delete(news)) lack(placeOf(news.getAttribute("of")))
  }, WAITS)
}

// What the page shows is nothing that anybody knows of: it is given the whole, whatever its version.
function lack(place) {
  if (!place) return
  place.dataset.digest = place.dataset.version = ""
  document.dispatchEvent(new CustomEvent("helpdesk:lacking"))
}

// A region or a whole list takes its place. False where it has none.
function put(told) {
  if (told.matches("live-rows")) return order(told)
  const stands = document.getElementById(told.id)
  stands?.replaceWith(told)
  htmx.process(told)
  return Boolean(stands)
}

const words = (element, name) => element.getAttribute(name).split(" ").filter(Boolean)

// A list's rows: those that are gone go, new ones come in, and as few as possible are moved, so that
// nothing is lost that somebody has opened or is at. False where one is missing.
function order(told) {
  const list = document.getElementById(told.getAttribute("list"))
  if (!list) return false
  // One that is gone from here may stand in another list already.
  for (const key of words(told, "gone")) [...list.children].find(({ id }) => id === key)?.remove()
  const keys = [...list.children].map(({ id }) => id)
  const front = new Map(keys.map((key, n) => [key, keys[n - 1] ?? ""]))
  for (const each of words(told, "after")) front.set(...each.split(">"))
  const follower = new Map([...front].map(([key, before]) => [before, key]))
  const coming = new Map([...told.children].map((row) => [row.id, row]))
  let last = null
  for (let key = follower.get(""); key; key = follower.get(key)) {
    const stands = document.getElementById(key)
    const row = coming.get(key) ?? stands
    if (!row) return false
    if (row !== stands) stands?.remove()
    const place = last ? last.nextElementSibling : list.firstElementChild
    if (row !== place) list.insertBefore(row, place)
    if (row !== stands) htmx.process(row)
    last = row
  }
  return [...coming.values()].every((row) => row.parentElement === list)
}

// The page shows what is of no time any more.
customElements.define("live-anew", class extends HTMLElement {
  connectedCallback() { document.dispatchEvent(new CustomEvent("helpdesk:anew")) }
})
