//! The pages that `make web` builds, as part of the program.
//!
//! [`site`] serves the files of one page below its prefix, as [`file`] says; [`demo`] is one. Without Node nothing is built, and a page that says
//! how to stands in for it. Release programs contain the files; debug programs read them from `dist/` at each request.

mod demo;
mod encoding;
mod file;
mod site;

pub use demo::demo;
