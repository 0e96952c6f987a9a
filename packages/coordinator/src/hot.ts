export { endingSession, heartbeat, openHotCoordinator, registerSession } from './hot-coordinator.js'
