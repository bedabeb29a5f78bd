//! The pages that `make web` builds, as part of the program.
//!
//! `site` serves the files of one page below its prefix, as `file` says; [`console`] and [`demo`] are two. Without Node nothing is built, and a page that says
//! how to stands in for it. Release programs contain the files; debug programs read them from `dist/` at each request.

mod console;
mod demo;
mod encoding;
mod file;
mod site;

pub use console::console;
pub use demo::demo;
