//! A gateway as it was typed: its id, or the first digits of it.

use std::str::FromStr;

use gatepipe_client::{GatewayClient, GatewayId, GatewayStatus};

use crate::exit::{Exit, Failure};

/// Fewer digits are too easily a typing mistake.
const FEWEST_DIGITS: usize = 4;
const DIGITS: usize = 16;

/// At least the first 4 of a gateway's 16 digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayName(String);

impl FromStr for GatewayName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits && (FEWEST_DIGITS..=DIGITS).contains(&text.len()) {
            return Ok(Self(text.to_owned()));
        }
        Err("a gateway is named by its 16 lower-case hex digits, or by at least the first 4")
    }
}

/// The ids of all that are meant.
///
/// # Errors
/// As [`GatewayName::find`].
pub fn find_all<C: FromIterator<GatewayId>>(
    names: &[GatewayName],
    client: &GatewayClient,
) -> Result<C, Failure> {
    names.iter().map(|name| name.find(client).map(|gateway| gateway.gateway_id)).collect()
}

impl GatewayName {
    /// The one member that is meant.
    ///
    /// # Errors
    /// None or several begin so; the line lists those that there are.
    pub fn find(&self, client: &GatewayClient) -> Result<GatewayStatus, Failure> {
        let gateways = client.gateways();
        let ids = gateways.iter().map(|gateway| gateway.gateway_id.to_string()).collect::<Vec<_>>();
        let position = self.position(&ids)?;
        Ok(gateways[position].clone())
    }

    fn position(&self, ids: &[String]) -> Result<usize, Failure> {
        let meant: Vec<_> = (0..ids.len()).filter(|position| ids[*position].starts_with(&self.0)).collect();
        match meant[..] {
            [one] => Ok(one),
            [] if ids.is_empty() => {
                Err(Failure::new(Exit::NotFound, format!("there is no gateway {}, and no other", self.0)))
            }
            [] => {
                let line = format!("there is no gateway {}; there are: {}", self.0, ids.join(", "));
                Err(Failure::new(Exit::NotFound, line))
            }
            _ => {
                let several: Vec<_> = meant.iter().map(|position| ids[*position].as_str()).collect();
                let line = format!("{} begins several gateways: {}", self.0, several.join(", "));
                Err(Failure::new(Exit::Usage, line))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_that_only_one_gateway_has_is_enough() {
        let ids = ["00aa11bb22cc33dd", "00aa99ff22cc33dd", "1234567890abcdef"].map(str::to_owned);
        let cases = [
            ("1234", Ok(2)),
            ("00aa1", Ok(0)),
            ("00aa99ff22cc33dd", Ok(1)),
            ("00aa", Err(Exit::Usage)),
            ("ffff", Err(Exit::NotFound)),
        ];
        for (typed, expected) in cases {
            let found = typed.parse::<GatewayName>().unwrap().position(&ids);
            assert_eq!(found.map_err(|failure| failure.exit()), expected, "{typed}");
        }
        let unknown = "ffff".parse::<GatewayName>().unwrap();
        let line = unknown.position(&ids).unwrap_err().to_string();
        assert!(ids.iter().all(|id| line.contains(id)), "{line}");
        assert_eq!(unknown.position(&[]).unwrap_err().exit(), Exit::NotFound);
    }

    #[test]
    fn what_cannot_begin_an_id_is_refused() {
        for wrong in ["", "123", "12345678901234567", "00AA", "gate", "12 4"] {
            assert!(wrong.parse::<GatewayName>().is_err(), "{wrong:?}");
        }
    }
}
