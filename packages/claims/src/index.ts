export { ClaimsError, type ClaimsErrorCode } from './errors.js'
