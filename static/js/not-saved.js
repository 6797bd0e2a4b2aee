// On pages that say that nothing was saved: what was typed is put back where the form stands (live.js).
const typed = JSON.parse(sessionStorage.getItem("helpdesk-typed"))
if (typed) sessionStorage.setItem("helpdesk-typed", JSON.stringify({ ...typed, isLost: true }))
