//! The example configuration is read by every daemon, and says what the defaults are.

use std::fmt::Debug;

use gatepipe_daemon::config::{ConfigError, Program, Settings};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/gatepipe.example.toml");

fn says_the_defaults<C: Debug + Default>(
    program: &'static Program,
    read: impl FnOnce(&mut Settings) -> Result<C, ConfigError>,
) {
    let mut settings = Settings::load_from(program, [program.name, "--config", EXAMPLE], []).unwrap();
    assert_eq!(
        format!("{:?}", read(&mut settings).unwrap()),
        format!("{:?}", C::default()),
        "{}",
        program.name
    );
}

#[test]
fn the_example_says_the_defaults_of_every_daemon() {
    says_the_defaults(&gatepipe_register::PROGRAM, gatepipe_register::Config::read);
    says_the_defaults(&gatepipe_gateway::PROGRAM, gatepipe_gateway::Config::read);
    says_the_defaults(&gatepipe_api::PROGRAM, gatepipe_api::Config::read);
}
