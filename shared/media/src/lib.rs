//! Fetches, probes, converts and keeps pictures and videos.
