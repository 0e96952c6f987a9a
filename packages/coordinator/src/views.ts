export { type ListResult, listTrees, type TreeRow } from './use-cases/list-trees.js'
