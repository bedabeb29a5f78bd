//! Where a JSON Web Key Set comes from: a file, or a URL that the operator wrote. Never an address out of a token.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use reqwest::{StatusCode, Url};
use tokio::io::AsyncReadExt as _;

use super::key_set::{InvalidKeys, KeySet};

/// Longest document, in bytes.
pub const MAX_BYTES: usize = 256 << 10;

/// How long a fetch may take in all.
const PATIENCE: Duration = Duration::from_secs(5);

/// The setting `jwt-jwks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// `https://…`, or `http://…` on this host.
    Url(Url),
}

impl FromStr for Source {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err("must be a file or a URL");
        }
        if !text.contains("://") {
            return Ok(Self::File(text.into()));
        }
        let url: Url =
            text.parse().map_err(|_| "must be a file, or a URL such as https://id.example.com/jwks")?;
        let plain_and_near = url.scheme() == "http" && is_this_host(&url);
        if url.scheme() != "https" && !plain_and_near {
            return Err(
                "must be https:// (http:// only on this host): whoever can change the keys on their way can make tokens",
            );
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a username or password");
        }
        Ok(Self::Url(url))
    }
}

fn is_this_host(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Why there are no new keys.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The file cannot be read.
    #[error("cannot read the file")]
    File(#[from] std::io::Error),
    /// No answer, or half of one.
    #[error("no whole answer")]
    Http(#[from] reqwest::Error),
    /// An answer that is no document; redirects are not followed.
    #[error("the answer was {0}")]
    Status(StatusCode),
    /// Over [`MAX_BYTES`].
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// Not a set of keys.
    #[error(transparent)]
    Keys(#[from] InvalidKeys),
}

/// Reads the document, as often as it is asked to.
pub struct Fetcher {
    source: Source,
    http: Option<reqwest::Client>,
    /// What the last keys were made of.
    last: Option<Vec<u8>>,
}

impl Fetcher {
    /// Reads from `source`.
    ///
    /// # Errors
    /// When no certificates of authorities can be found on this host.
    pub fn new(source: Source) -> Result<Self, reqwest::Error> {
        let http = match &source {
            Source::File(_) => None,
            Source::Url(url) => Some(client(url)?),
        };
        Ok(Self { source, http, last: None })
    }

    /// Where it reads.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The keys; `None` when the document is the same as the last one that was good.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn fetch(&mut self) -> Result<Option<KeySet>, FetchError> {
        let document = match (&self.source, &self.http) {
            (Source::Url(url), Some(http)) => download(http, url.clone()).await?,
            (Source::File(path), _) => read_file(path.clone()).await?,
            (Source::Url(_), None) => return Ok(None),
        };
        if self.last.as_ref() == Some(&document) {
            return Ok(None);
        }
        let keys = KeySet::from_json(&document)?;
        self.last = Some(document);
        Ok(Some(keys))
    }
}

fn client(url: &Url) -> Result<reqwest::Client, reqwest::Error> {
    // It asks the process for one; when there is one already, that one stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
    let client = if is_this_host(url) { client.no_proxy() } else { client };
    client.build()
}

async fn download(http: &reqwest::Client, url: Url) -> Result<Vec<u8>, FetchError> {
    let mut response = http.get(url).send().await.map_err(reqwest::Error::without_url)?;
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status()));
    }
    let mut document = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        if document.len() + chunk.len() > MAX_BYTES {
            return Err(FetchError::TooLong);
        }
        document.extend_from_slice(&chunk);
    }
    Ok(document)
}

async fn read_file(path: PathBuf) -> Result<Vec<u8>, FetchError> {
    let mut document = Vec::new();
    let most = MAX_BYTES as u64 + 1;
    tokio::fs::File::open(path).await?.take(most).read_to_end(&mut document).await?;
    if document.len() > MAX_BYTES {
        return Err(FetchError::TooLong);
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_from_a_file_over_tls_or_from_this_host() {
        for good in [
            "https://id.example.com/jwks",
            "https://id.example.com:8443/realms/x/protocol/openid-connect/certs?y=1",
            "http://127.0.0.1:8080/jwks",
            "http://[::1]:8080/jwks",
            "http://localhost/jwks",
        ] {
            assert!(matches!(good.parse(), Ok(Source::Url(_))), "{good}");
        }
        assert_eq!("/etc/gatepipe/jwks.json".parse(), Ok(Source::File("/etc/gatepipe/jwks.json".into())));
        for bad in [
            "",
            "http://id.example.com/jwks",
            "http://127.0.0.1.example.com/jwks",
            "http://localhost.example.com/jwks",
            "ftp://id.example.com/jwks",
            "file:///etc/jwks.json",
            "https://ana:secret@id.example.com/jwks",
            "https://",
            "://",
        ] {
            assert!(bad.parse::<Source>().is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_file_is_read_up_to_a_bound() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jwks.json");
        let mut fetcher = Fetcher::new(Source::File(path.clone())).unwrap();
        assert!(matches!(fetcher.fetch().await, Err(FetchError::File(_))));
        std::fs::write(&path, vec![b' '; MAX_BYTES + 1]).unwrap();
        assert!(matches!(fetcher.fetch().await, Err(FetchError::TooLong)));
        std::fs::write(&path, vec![b' '; MAX_BYTES]).unwrap();
        assert!(matches!(fetcher.fetch().await, Err(FetchError::Keys(InvalidKeys::Json))));
        let key =
            r#"{"kty":"OKP","crv":"Ed25519","x":"5SbyeZp_8080qdTjSavFkEfY2SBl8bB1SrWsvVDGIPM","kid":"a"}"#;
        std::fs::write(&path, format!(r#"{{"keys":[{key}]}}"#)).unwrap();
        assert_eq!(fetcher.fetch().await.unwrap().map(|keys| keys.len()), Some(1));
        assert!(fetcher.fetch().await.unwrap().is_none(), "nothing new");
    }
}
