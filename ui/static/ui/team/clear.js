// The team is entered: its draft is not needed any more.
const page = document.querySelector("[data-clear]");
if (page) sessionStorage.removeItem(page.dataset.clear);
