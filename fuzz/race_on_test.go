//go:build race

package fuzz

// raceDetector says that the race detector is on, which makes all tests slower.
const raceDetector = true
