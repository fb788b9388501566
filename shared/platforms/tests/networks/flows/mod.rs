//! What is tried on the stage of each network, for all tests that go through every flow.

pub mod facebook;
pub mod instagram;
pub mod linkedin;
pub mod pinterest;
pub mod tiktok;
pub mod x;
pub mod youtube;

use domain::Platform;
use platforms::Content;
use simulator::FaultScript;

use crate::harness::Stage;

/// Makes what is to be published.
pub type Make = fn(&Stage) -> Content;

/// One way to publish.
pub struct Flow {
    /// What it is called.
    pub name: &'static str,
    /// Where.
    pub platform: Platform,
    /// Which account the person picks on the consent page.
    pub chosen: &'static str,
    /// What.
    pub content: Make,
    /// What goes wrong on the way.
    pub trouble: Option<fn() -> FaultScript>,
}

/// Every flow of Meta's networks.
pub fn all() -> Vec<Flow> {
    let mut flows = facebook::flows();
    flows.extend(instagram::flows());
    flows
}
