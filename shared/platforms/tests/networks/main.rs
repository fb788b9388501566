//! Every network, tried on the stage: what is said in each flow, and what holds whatever breaks.

mod facebook;
mod flows;
mod harness;
mod instagram;
mod linkedin;
mod meta;
mod pinterest;
mod tiktok;
mod x;
mod youtube;
