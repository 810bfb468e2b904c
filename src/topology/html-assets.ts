/** The style and the script of the page that shows a topology. The page may load nothing, so both are part of it. */

export const pageStyle = `
:root { color-scheme: light dark; --paper: #fff; --text: #16202e; --quiet: #5b6b80; --line: #d5dce6; --row: #f6f8fb; --accent: #2563eb; --mark: #fde68a }
@media (prefers-color-scheme: dark) { :root { --paper: #0e141c; --text: #e6edf5; --quiet: #9aabc0; --line: #2c3a4d; --row: #17202c; --accent: #6ea0ff; --mark: #5b4a12 } }
* { box-sizing: border-box }
body { margin: 0; font: 14px/1.45 system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif; color: var(--text); background: var(--paper) }
header { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: 8px 20px; align-items: baseline; padding: 10px 24px; background: var(--paper); border-bottom: 1px solid var(--line) }
h1 { margin: 0; font-size: 18px } h2 { margin: 28px 0 8px; font-size: 15px }
.facts { color: var(--quiet); flex: 1 }
input { font: inherit; min-width: 16em; padding: 4px 10px; color: inherit; background: var(--row); border: 1px solid var(--line); border-radius: 8px }
input:focus-visible, button:focus-visible, tr:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px }
button { font: inherit; padding: 3px 10px; color: inherit; background: var(--row); border: 1px solid var(--line); border-radius: 8px; cursor: pointer }
.picture { overflow: auto; max-height: 78vh; border-bottom: 1px solid var(--line) }
.picture svg { display: block; margin: 0 auto }
.picture.fits svg { width: 100%; height: auto; max-height: 76vh }
main { padding: 0 24px 40px; max-width: 1500px; margin: 0 auto }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: 13px }
th { text-align: left; color: var(--quiet); font-weight: 600 }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top }
td.name { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; min-width: 14em }
tr[data-find] { cursor: pointer } tr[data-find]:hover { background: var(--row) }
pre { overflow-x: auto; padding: 12px; background: var(--row); border-radius: 8px; font-size: 12px }
.is-hidden { display: none }
.is-faint { opacity: .18 }
.is-found > .mr-face { fill: var(--mark) } tr.is-found { background: var(--mark) }
`

/** Finds nodes, topics and stores by parts of their names, and shows in the picture the row that is chosen. */
export const pageScript = `
'use strict'
const search = document.querySelector('input')
const count = document.querySelector('output')
const picture = document.querySelector('.picture')
const rows = [...document.querySelectorAll('tr[data-find]')]
const cards = [...document.querySelectorAll('.picture [data-name]')]
const links = [...document.querySelectorAll('.picture .mr-link')]

function find(text) {
  const wanted = text.trim().toLowerCase()
  const fits = (name) => wanted === '' || name.toLowerCase().includes(wanted)
  let found = 0
  for (const row of rows) {
    const isFound = fits(row.textContent)
    row.classList.toggle('is-hidden', !isFound)
    if (isFound) found++
  }
  for (const card of cards) {
    const names = [card.dataset.name, ...[...card.querySelectorAll('[data-name]')].map((chip) => chip.dataset.name)]
    card.classList.toggle('is-faint', !names.some(fits) && !fits(card.closest('.mr-card')?.dataset.name ?? ''))
  }
  for (const link of links) link.classList.toggle('is-faint', wanted !== '')
  count.textContent = wanted === '' ? '' : found + ' found'
}

function show(name) {
  for (const each of [...rows, ...cards]) each.classList.remove('is-found')
  const card = cards.find((each) => each.dataset.name === name)
  for (const each of cards) if (each.dataset.name === name) each.classList.add('is-found')
  for (const row of rows) if (row.dataset.find === name) row.classList.add('is-found')
  return card
}

function choose(row) {
  show(row.dataset.find)?.scrollIntoView({ block: 'center', inline: 'center', behavior: 'smooth' })
}

search.addEventListener('input', () => find(search.value))
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && document.activeElement !== search) { event.preventDefault(); search.focus() }
  if (event.key === 'Escape') { search.value = ''; find(''); show(undefined) }
})
document.querySelector('button').addEventListener('click', () => picture.classList.toggle('fits'))
for (const row of rows) {
  row.addEventListener('click', () => choose(row))
  row.addEventListener('keydown', (event) => { if (event.key === 'Enter') choose(row) })
}
for (const card of cards) {
  card.addEventListener('click', (event) => { event.stopPropagation(); show(card.dataset.name) })
}
`
