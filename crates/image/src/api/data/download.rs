//! `GET /v2/images/{id}/file`

use std::io::SeekFrom;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use kogge_http::ApiError;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::range::range;
use crate::Images;
use crate::api::error::image_id;
use crate::error::Error;
use kogge_resource::Call;

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;

/// Sends the data, or a part of them. 204 where there are none yet.
pub(crate) async fn download(call: Call<Images>) -> Result<Response, ApiError> {
    let readable = call.service.download(&call.caller, image_id(call.key())?).await?;
    let (Some(path), Some(data)) = (readable.path, readable.image.data) else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let asked = call.headers.get(header::RANGE).map(|value| value.to_str().unwrap_or(""));
    let size = u64::try_from(data.size).unwrap_or(0);
    let part = range(asked, size)?;
    let (start, length) = part.unwrap_or((0, size));
    let mut file = tokio::fs::File::open(path).await.map_err(Error::Store)?;
    file.seek(SeekFrom::Start(start)).await.map_err(Error::Store)?;
    let stream = ReaderStream::with_capacity(file.take(length), PIECE);
    let mut response = Body::from_stream(stream).into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/octet-stream"));
    out.insert(header::CONTENT_LENGTH, length.into());
    if let Ok(checksum) = data.checksum.parse() {
        out.insert("content-md5", checksum);
    }
    if part.is_some() {
        if let Ok(value) = format!("bytes {start}-{}/{size}", start + length - 1).parse() {
            out.insert(header::CONTENT_RANGE, value);
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}
