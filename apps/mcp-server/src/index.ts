/** The name under which the server presents itself. */
export const SERVER_NAME = 'parallel-cc'
