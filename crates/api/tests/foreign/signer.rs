//! Keys of an issuer, and tokens made with them.

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// Only for tests. Making one takes seconds without optimisation.
const RSA: &str = "-----BEGIN PRIVATE KEY-----
MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQC7etdvn1x/edgm
QBE9lNgD6kUebAD77r6AnoZ5D4us5soILiLmTeT9l36JFJ9yH6MMudVlHBfhspzQ
m++ykltzqnJtgO5d0Z2mUPrnAe5XuR0WbKNrtRgoGqcxtd1YbOLD7v1Etj5MEm4C
0leSktjcOqUB7Fp9z1es9a9Apvt15K7dkwe0QVg2/DrFy+DJUbTTPoMxR/vtEWa4
Hv2I89g9czVDY60X/c6X73OolHjZGcGfs48Pak1/nxrg3Jy+I2OuumEt0MFgn6t7
BaINozHvSKOaOGmbROXg8dmYPfQnMfBgOPbauC8+f7jwFHfa/GLH1K7kRN6TCRxU
G5VLdX2TAgMBAAECggEAGPWYuuaXdO0uxqDe6rjnLVZCD3PHicLWH996/aEBMmqj
WQVzZf/WzaAem3dgZtwpY+dVrplX4Jdb4zXvanGrtTFq/IMeuOTQPTUowhpytcES
S0r5UryQU76ApdCVgFE2u2kU1NICZzRI6x0/xWbBckhocWIbBgbVoFQxGcVhUud9
SH1nWr3uC3KUF5/ubq+MgGMduieony6BZ0PaKXh2xrdCaSdQhGXSjQY9k7mOdPTt
gbsv8e7iaXSI+qPlsBUo/wn6WHha8LTPwIt3I/EWuPr/iu82yQ2fxghjg/krZGEg
80nBu7douW2zHVlqzudhnoluOuYPWz//9F5gEshSqQKBgQD4e31co0+SjxbtMffu
O9aqSD1yEaScIvckSJGfmFcl4lxF/5lOJ9Gwl7H332i9D+vai3F/EqqMzI+E4Dq3
Qi3Nv8jh3ef2GHvioAvrktjGxKah1br8Z+b7VSRIV8q3JHZz4p6yibPFEEEbOc8+
DraiOpiCgluQH5OHpoEmikZebwKBgQDBJuI88fs55MoPC75o1l05qp2Y/mIvYayf
3Tilo8dwc2IDtA6gq58xqfRZIpkkBO+CmKdMXhP7BPP+IOG7lf09yYjMJJxgzTVY
rKPAxDHxhE6awNvaongX6tVqKLF1te6HqEXhsATmj9H61rw6Z5kYMhI4/UrqmDaM
5FgFYvVlHQKBgAsLaiIQ/Dt2cr1uSCflrv/4oAqO8DMkdrm9JAPlAJKlghZ2avkH
WhGwXG+5FW255HDdW9kbGkuR2Bs+4D0/CswnZyVq+KF+qxsCpCT/bPVAzmtJFbuc
Xq7zNN6mUFNdooo6G3WyGzR6KXqtUiHfA40ob5j1dF5umN8hroHpCYGvAoGANNZ2
PUXU+9lijQshY3yAtC3APwIXye5mUrUpseZDwLdPsMOo3LsWKXfcqCWWzwuqmYc4
/OMfhCOuu24zUiWNyUFActfxD2oTldZkVW9WWkNfXWY0vnKDd8d96jSHlzPVtLaL
p1mHfasKPhxQEYoVj1DjO0PPIq3Q/mnYymBv0OECgYA1V9Kemf9+g4GCc9Bv1LCr
NEwff6O3CCOF8NtJDKS181TQcH2oFMKGLBJ28kvqRRm1doNCyo9u4nrh4RmUc/Yr
r9d8GcQ8Rdb+HNFqaS/K3OhlmS/q4MFJsJrh+IGO6khd4pa0UHAyJeDBSGLGRy3Q
1gKUUcLTYsYEsfQGFLTd+g==
-----END PRIVATE KEY-----
";

/// The public half of [`RSA`].
pub const RSA_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu3rXb59cf3nYJkARPZTY
A+pFHmwA++6+gJ6GeQ+LrObKCC4i5k3k/Zd+iRSfch+jDLnVZRwX4bKc0JvvspJb
c6pybYDuXdGdplD65wHuV7kdFmyja7UYKBqnMbXdWGziw+79RLY+TBJuAtJXkpLY
3DqlAexafc9XrPWvQKb7deSu3ZMHtEFYNvw6xcvgyVG00z6DMUf77RFmuB79iPPY
PXM1Q2OtF/3Ol+9zqJR42RnBn7OPD2pNf58a4NycviNjrrphLdDBYJ+rewWiDaMx
70ijmjhpm0Tl4PHZmD30JzHwYDj22rgvPn+48BR32vxix9Su5ETekwkcVBuVS3V9
kwIDAQAB
-----END PUBLIC KEY-----
";

/// Too short to be used.
const SHORT_RSA: &str = "-----BEGIN PRIVATE KEY-----
MIICdQIBADANBgkqhkiG9w0BAQEFAASCAl8wggJbAgEAAoGBAMy2PVXL9+SefJWC
M+6fCd4KYjgRpVvbLEVvnmGFja4MDYlx8ckaNcbPsiBGsjNZMNKLOY6oQt5/mbjz
s9NZl6xL6Z7ZXQDDrij/rePFW8sV1gAS2kGTLkThF/Aa7qKRYih/QXxWTci2OtGp
lll4Oz3rTro2PVm/ThTxXnkmLoBrAgMBAAECgYAYTG1dWLeU8GbzTCAj68a9D1h3
NUj+bTaFC2muQ678gLu+m8LKTw0hCxgmkp2mUKjl5NaxIzHEvTqe5HZs2M6S00gU
Fk6G+COsRUrqK3DTtKmwUQtSIfhbo5A2A6DJnOFbt4cJx05jXDLao057eBrEGruK
x4wKtyLE+li3rF8zyQJBAP9jQpNb0jY4Ff4C070H/PeX525j2Xfhd+pDbeTgygU1
vTKD9riHXgvqlxKQ0zMNeFCCwlpGzpCbFYmxG4lSUvUCQQDNM+DJKP4nfNcMGCQg
2EJvjEn7Yy6SajOLYwTdmdVVWQ6hp2WeCGkQ+5eNijBCaBzladD9miBSF+0ajFtw
EynfAkBSDlF4yVrcYt7mE4B2zxc/ckZA2MIp237M/UdU78jZLbARiAcAuTXFfGV3
6KKDV8OdkrXhjbiXC806xXYEhDf1AkBgYz3zP44ifkGFLNHLm8mZHAykSLJXlAsi
LiDa9qd+r5Zv2HGjCdBQad2GXqLMjpsEJ/BDL2J/LT3yent46YeBAkAFWDS/yO+J
zmchy0prerfnyUTg+WgYElk5QUuIOXbyP5/9CjUrw5KLJa5B3n3mHSX28zp3TRch
htnEaNcTN58d
-----END PRIVATE KEY-----
";

/// Only for tests.
const P256: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg9VsDh6dulw/V2ZJn
CTqFOaGSAArtjFa1TzAnbfLCUiShRANCAASwAS9uj/25qFbl4L2MpE79bBeZdqOn
ifxeAzKxyP9f/e1AVvnrKvmJuAIIEOph2CyrqKoaG+fx5jRVHJjD/7kp
-----END PRIVATE KEY-----
";

/// The public half of [`P256`].
pub const P256_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsAEvbo/9uahW5eC9jKRO/WwXmXaj
p4n8XgMyscj/X/3tQFb56yr5ibgCCBDqYdgsq6iqGhvn8eY0VRyYw/+5KQ==
-----END PUBLIC KEY-----
";

/// What stands before the seed of an Ed25519 key in PKCS #8 (RFC 8410).
const ED25519_HEAD: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A private key with a name.
pub struct Signer {
    pub kid: String,
    pub algorithm: Algorithm,
    pub key: EncodingKey,
}

impl Signer {
    pub fn ed25519(kid: &str, seed: u8) -> Self {
        let key = EncodingKey::from_ed_der(&[ED25519_HEAD, [seed; 16], [seed; 16]].concat());
        Self { kid: kid.into(), algorithm: Algorithm::EdDSA, key }
    }

    pub fn rsa(kid: &str) -> Self {
        let key = EncodingKey::from_rsa_pem(RSA.as_bytes()).unwrap();
        Self { kid: kid.into(), algorithm: Algorithm::RS256, key }
    }

    pub fn short_rsa(kid: &str) -> Self {
        let key = EncodingKey::from_rsa_pem(SHORT_RSA.as_bytes()).unwrap();
        Self { kid: kid.into(), algorithm: Algorithm::RS256, key }
    }

    pub fn p256(kid: &str) -> Self {
        let key = EncodingKey::from_ec_pem(P256.as_bytes()).unwrap();
        Self { kid: kid.into(), algorithm: Algorithm::ES256, key }
    }

    /// The public half, as it stands in a set.
    pub fn jwk(&self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        let mut jwk = serde_json::to_value(jwk).unwrap();
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk
    }

    pub fn header(&self) -> Header {
        Header { kid: Some(self.kid.clone()), ..Header::new(self.algorithm) }
    }

    pub fn token(&self, claims: &Value) -> String {
        self.token_with(&self.header(), claims)
    }

    pub fn token_with(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.key).unwrap()
    }
}

/// A set of these keys.
pub fn set(keys: &[&Signer]) -> Value {
    json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() })
}

/// Claims of a user with this name, good for an hour.
pub fn claims(subject: impl Into<Value>) -> Value {
    let now = chrono::Utc::now().timestamp();
    json!({ "iss": "https://id.example.com", "sub": subject.into(), "iat": now, "exp": now + 3_600 })
}
