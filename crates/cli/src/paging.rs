//! Lists that are longer than one question to the gateways.

use clap::Args;
use gatepipe_client::{Answer, Cursor, Error, Failure as Missed, GatewayClient, Listing, Page};

use crate::exit::{Exit, Failure};
use crate::fleet::tell_failed;
use crate::output::say;

/// Most items in one question to the gateways.
const PAGE: u32 = 1_000;

/// How much of a list.
#[derive(Debug, Clone, Copy, Args)]
pub struct Limit {
    /// At most this many
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// As much of a list as was asked for.
#[derive(Debug)]
pub struct Found<T> {
    pub items: Vec<T>,
    missed: Vec<Missed>,
    next: Option<Cursor>,
}

impl Limit {
    /// Asks for page after page, from `after` on.
    ///
    /// # Errors
    /// `after` belongs to another list.
    pub async fn read<T>(
        self,
        after: Option<Cursor>,
        list: impl AsyncFn(Page) -> Result<Answer<Listing<T>>, Error>,
    ) -> Result<Found<T>, Failure> {
        let mut found = Found { items: Vec::new(), missed: Vec::new(), next: after };
        loop {
            let left = self.limit - u32::try_from(found.items.len()).unwrap_or(self.limit).min(self.limit);
            let page = Page { after: found.next.take(), limit: PAGE.min(left) };
            let answer = list(page).await?;
            found.items.extend(answer.value.items);
            for miss in answer.failed {
                if !found.missed.iter().any(|known| known.gateway == miss.gateway) {
                    found.missed.push(miss);
                }
            }
            found.next = answer.value.next;
            if found.next.is_none() || found.items.len() >= self.limit as usize {
                return Ok(found);
            }
        }
    }
}

impl<T> Found<T> {
    /// Names on stderr the gateways that did not answer, and where the list goes on.
    pub fn tell(&self, client: &GatewayClient) -> Exit {
        let (exit, _) = tell_failed(client, &self.missed);
        if let Some(after) = &self.next {
            say(&format!("there are more: --after {after}"));
        }
        exit
    }
}
