export default { name: 'nothing of use' }
