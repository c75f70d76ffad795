//! What comes is read whatever the pieces; what is broken costs only itself.

use proptest::prelude::*;

use super::*;

#[path = "../../tests/packets/writer.rs"]
mod packets;

use packets::{number, packet, sealed, text};

fn read(stream: &[u8], step: usize) -> Vec<Piece> {
    let mut reader = Reader::default();
    let mut pieces: Vec<Piece> = stream.chunks(step.max(1)).flat_map(|chunk| reader.push(chunk)).collect();
    pieces.extend(reader.finish());
    pieces
}

fn whole(pieces: &[Piece]) -> Vec<&Packet> {
    pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Packet(packet) => Some(packet),
            Piece::Noise(_) => None,
        })
        .collect()
}

/// Three packets as python-subunit 1.4.5 writes them: in progress, a traceback, failed.
const RECORDED: &str = "b32f82226b054400cee6b28005612e422e630108776f726b65722d300130b09b49e0b32b7040a56b054400cee6b28005612e\
    422e6317746578742f706c61696e3b636861727365743d757466380974726163656261636b406a426f6f6d3a207878787878\
    7878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878\
    7878787878787878787878787878787878787878787878787878787878787878787878787878787878787878784f77607db3\
    2b06166b054400cee6b28005612e422e6338d3151f";

#[test]
fn what_the_python_library_writes_is_read() {
    let digits: Vec<u8> = RECORDED.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
    for step in [1, 7, 1000] {
        let pieces = read(&bytes, step);
        let all = whole(&pieces);
        assert_eq!(pieces.len(), 3, "{pieces:?}");
        assert!(all.iter().all(|packet| packet.test.as_deref() == Some("a.B.c")));
        assert!(all.iter().all(|packet| packet.at_micros == Some(1_795_507_200_250_000)));
        let stands: Vec<_> = all.iter().map(|packet| packet.status).collect();
        assert_eq!(stands, [Some(Status::InProgress), None, Some(Status::Fail)]);
        let (name, text) = all[1].file.clone().unwrap();
        assert_eq!((name.as_str(), text.len()), ("traceback", 106));
    }
}

#[test]
fn a_wrong_checksum_costs_one_packet_and_not_the_next() {
    let mut broken = packet("a", 3, None);
    let last = broken.len() - 1;
    broken[last] ^= 1;
    let pieces = read(&[broken, packet("b", 3, None)].concat(), 3);
    let all = whole(&pieces);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].test.as_deref(), Some("b"));
}

#[test]
fn a_length_that_cannot_be_is_not_waited_for() {
    for head in [[0xb3, 0x20, 0x00, 0x02], [0xb3, 0x10, 0x00, 0x3f], [0xb3, 0x20, 0x00, 0xff]] {
        let mut reader = Reader::default();
        reader.push(&head);
        assert_eq!(reader.held(), 0, "{head:?}");
    }
}

#[test]
fn fields_that_claim_more_than_there_is_are_no_packet() {
    for body in [number(60), [number(60), b"ab".to_vec()].concat(), text("nul\0"), vec![1, 0xff], vec![]] {
        let pieces = read(&sealed(0x2803, &body), 100);
        assert!(whole(&pieces).is_empty(), "{body:?}");
    }
    assert!(whole(&read(&sealed(0x2083, &number(1 << 29)), 100)).is_empty(), "a billion tags");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pieces_do_not_depend_on_how_the_bytes_come(
        tests in prop::collection::vec(("[a-z.]{0,80}", 0u16..8, prop::collection::vec(any::<u8>(), 0..20_000)), 0..5),
        step in 1usize..5000,
    ) {
        let stream: Vec<u8> =
            tests.iter().flat_map(|(name, status, bytes)| packet(name, *status, Some(("f", bytes)))).collect();
        let pieces = read(&stream, step);
        prop_assert_eq!(whole(&pieces).len(), tests.len());
        prop_assert_eq!(pieces, read(&stream, stream.len()));
    }

    #[test]
    fn noise_is_told_and_never_lost(
        before in prop::collection::vec(any::<u8>().prop_filter("no signature", |b| *b != SIGNATURE), 0..10_000),
        step in 1usize..100,
    ) {
        let pieces = read(&[before.clone(), packet("t", 3, None)].concat(), step);
        let noise: Vec<u8> = pieces.iter().flat_map(|p| match p { Piece::Noise(bytes) => bytes.clone(), Piece::Packet(_) => vec![] }).collect();
        prop_assert_eq!(noise, before);
        prop_assert_eq!(whole(&pieces).len(), 1);
    }

    #[test]
    fn any_bytes_are_read_to_their_end_within_one_packet_of_memory(
        bytes in prop::collection::vec(prop_oneof![Just(0xb3u8), Just(0x20), any::<u8>()], 0..1000),
        step in 1usize..200,
    ) {
        let mut reader = Reader::default();
        let mut length = 0;
        for chunk in bytes.chunks(step) {
            reader.push(chunk);
            length += chunk.len();
            prop_assert!(reader.held() <= length.min(LONGEST + 1));
        }
        reader.finish();
    }
}
