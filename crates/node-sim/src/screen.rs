//! A dark screen behind RFB 3.8 (RFC 6143), without authentication.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

/// Size of the screen.
const WIDTH: u16 = 320;
const HEIGHT: u16 = 200;
/// What clients show as its name.
const NAME: &[u8] = b"simulated guest";
/// Bits for each pixel and how many of them count, colours, their largest values and where they are.
const PIXELS: [u8; 16] = [32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0];
/// The one security type: none.
const NO_SECURITY: u8 = 1;
/// Most bytes that a client copies into the guest.
const LONGEST_CUT: u32 = 1 << 20;

/// Serves a client until it hangs up.
pub(crate) async fn serve(mut client: DuplexStream) -> io::Result<()> {
    greet(&mut client).await?;
    // bytes of a pixel as the client wants them
    let mut depth = usize::from(PIXELS[0] / 8);
    loop {
        match client.read_u8().await? {
            0 => {
                let mut format = [0; 19];
                client.read_exact(&mut format).await?;
                depth = depth_of(format[3])?;
            }
            2 => {
                client.read_u8().await?;
                let count = client.read_u16().await?;
                skip(&mut client, u64::from(count) * 4).await?;
            }
            3 => {
                let incremental = client.read_u8().await? != 0;
                skip(&mut client, 8).await?;
                // it never changes
                if !incremental {
                    paint(&mut client, depth).await?;
                }
            }
            4 => skip(&mut client, 7).await?,
            5 => skip(&mut client, 5).await?,
            6 => {
                skip(&mut client, 3).await?;
                let length = client.read_u32().await?;
                if length > LONGEST_CUT {
                    return Err(bad("a text is too long"));
                }
                skip(&mut client, u64::from(length)).await?;
            }
            _ => return Err(bad("a message is not known")),
        }
    }
}

async fn greet(client: &mut DuplexStream) -> io::Result<()> {
    client.write_all(b"RFB 003.008\n").await?;
    skip(client, 12).await?;
    client.write_all(&[1, NO_SECURITY]).await?;
    if client.read_u8().await? != NO_SECURITY {
        client.write_all(&[0, 0, 0, 1, 0, 0, 0, 0]).await?;
        return Err(bad("a security type was not offered"));
    }
    client.write_all(&[0; 4]).await?;
    // whether others may watch too
    client.read_u8().await?;
    let mut init = Vec::new();
    init.extend(WIDTH.to_be_bytes());
    init.extend(HEIGHT.to_be_bytes());
    init.extend(PIXELS);
    init.extend(u32::try_from(NAME.len()).unwrap_or_default().to_be_bytes());
    init.extend(NAME);
    client.write_all(&init).await
}

fn depth_of(bits: u8) -> io::Result<usize> {
    match bits {
        8 | 16 | 32 => Ok(usize::from(bits / 8)),
        _ => Err(bad("pixels have 8, 16 or 32 bits")),
    }
}

/// All of the screen in one raw rectangle.
async fn paint(client: &mut DuplexStream, depth: usize) -> io::Result<()> {
    let mut update = vec![0, 0, 0, 1, 0, 0, 0, 0];
    update.extend(WIDTH.to_be_bytes());
    update.extend(HEIGHT.to_be_bytes());
    update.extend([0; 4]);
    update.resize(update.len() + usize::from(WIDTH) * usize::from(HEIGHT) * depth, 0);
    client.write_all(&update).await
}

async fn skip(client: &mut DuplexStream, count: u64) -> io::Result<()> {
    let skipped = tokio::io::copy(&mut client.take(count), &mut tokio::io::sink()).await?;
    if skipped < count { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_is_greeted_and_sees_a_dark_screen() {
        let (mut client, far) = tokio::io::duplex(1 << 20);
        let serving = tokio::spawn(serve(far));
        let mut version = [0; 12];
        client.read_exact(&mut version).await.unwrap();
        assert_eq!(&version, b"RFB 003.008\n");
        client.write_all(&version).await.unwrap();
        assert_eq!(client.read_u16().await.unwrap(), 0x0101);
        client.write_all(&[1]).await.unwrap();
        assert_eq!(client.read_u32().await.unwrap(), 0);
        client.write_all(&[1]).await.unwrap();
        let mut init = [0; 24 + NAME.len()];
        client.read_exact(&mut init).await.unwrap();
        assert_eq!((&init[..4], &init[24..]), (&[1, 64, 0, 200][..], NAME));
        client.write_all(&[3, 0, 0, 0, 0, 0, 1, 64, 0, 200]).await.unwrap();
        let mut screen = vec![1; 16 + 320 * 200 * 4];
        client.read_exact(&mut screen).await.unwrap();
        assert!(screen[16..].iter().all(|byte| *byte == 0));
        client.write_all(&[6, 0, 0, 0, 255, 0, 0, 0]).await.unwrap();
        assert!(serving.await.unwrap().is_err(), "a text of any length is not taken");
    }
}
