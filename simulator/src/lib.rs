//! The seven networks as strict servers whose faults can be scripted.
