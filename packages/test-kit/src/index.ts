export { type BundleOptions, bundleFixture } from './bundle.js'
export { type Files, hermeticEnv, setProcessEnv, type TempRepo, type TempRepoOptions, tempDir, tempRepo, writeFiles } from './temp.js'
