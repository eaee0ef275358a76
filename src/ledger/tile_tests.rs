use super::*;
use proptest::prelude::*;

fn hashes(level: u8, index: u64, width: u16) -> TilePath {
    TilePath::Hashes(TileId { level, index, width })
}

/// C2SP tlog-tiles: the example of the index 1234067, and the text's rules on levels, widths and
/// entries.
#[test]
fn paths_are_those_of_the_specification() {
    for (path, text) in [
        (hashes(0, 1_234_067, 256), "tile/0/x001/x234/067"),
        (hashes(0, 273, 112), "tile/0/273.p/112"),
        (hashes(2, 0, 1), "tile/2/000.p/1"),
        (hashes(63, 999, 255), "tile/63/999.p/255"),
        (hashes(0, 1_000, 256), "tile/0/x001/000"),
        (TilePath::Entries { index: 5, width: 256 }, "tile/entries/005"),
        (TilePath::Entries { index: 70_000, width: 17 }, "tile/entries/x070/000.p/17"),
    ] {
        assert_eq!(path.to_string(), text);
        assert_eq!(text.parse(), Ok(path));
    }
}

#[test]
fn hash_paths_agree_with_the_oracle() {
    for index in [0, 1, 255, 999, 1_000, 1_234_067, 1_000_000_000, u64::from(u32::MAX)] {
        for (level, width) in [(0, 256), (1, 255), (2, 1)] {
            let theirs = tlog_tiles::Tile::new(8, level, index, u32::from(width), false).path();
            assert_eq!(
                hashes(level, index, width).to_string(),
                theirs.replacen("tile/8/", "tile/", 1)
            );
        }
    }
}

#[test]
fn no_tile_has_two_names() {
    for bad in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/1",
        "tile/0/01",
        "tile/0/0001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/0/001.p/",
        "tile/00/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/+1/001",
        "tile/0/x001",
        "tile/0/001/002",
        "tile/0/x000/001",
        "tile/0/x001/x002",
        "tile/0/x01/002",
        "tile/0/001/",
        "/tile/0/001",
        "tile//001",
        "tile/0/../001",
        "tile/entries/x000/000",
        "tile/entries",
        "tile/data/001",
        "tile/0/\u{0661}\u{0661}\u{0661}",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/0/001.p/1.p/1",
        "tile/0/001.P/1",
        "tile/0/001\n",
    ] {
        assert!(bad.parse::<TilePath>().is_err(), "{bad}");
    }
}

/// C2SP tlog-tiles: a tree of 70,000 has 273 full level 0 tiles and one of 112, one full level 1
/// tile and one of 17, and a level 2 tile of 1. A tree of 256 has a full level 0 tile and a level 1
/// tile of 1.
#[test]
fn widths_are_those_of_the_specification() {
    let widths = |size, level, indexes: &[u64]| {
        indexes.iter().map(|i| width_at(level, *i, size)).collect::<Vec<_>>()
    };
    assert_eq!(widths(70_000, 0, &[0, 272, 273, 274]), [256, 256, 112, 0]);
    assert_eq!(widths(70_000, 1, &[0, 1, 2]), [256, 17, 0]);
    assert_eq!(widths(70_000, 2, &[0, 1]), [1, 0]);
    assert_eq!((width_at(0, 0, 256), width_at(1, 0, 256), width_at(0, 1, 256)), (256, 1, 0));
    assert_eq!((width_at(255, 0, u64::MAX), width_at(0, u64::MAX, u64::MAX)), (0, 0));
}

#[test]
fn batches_complete_tiles_at_every_level() {
    let ids = |old, new| completed(old, new).iter().map(|t| (t.level, t.index)).collect::<Vec<_>>();
    assert_eq!(ids(0, 255), []);
    assert_eq!(ids(255, 256), [(0, 0)]);
    assert_eq!(ids(256, 256), []);
    assert_eq!(ids(200, 800), [(0, 0), (0, 1), (0, 2)]);
    assert_eq!(ids(65_535, 65_536), [(0, 255), (1, 0)]);
    assert_eq!(completed(0, 1 << 24).len(), 65_536 + 256 + 1);
}

#[test]
fn bundles_hold_what_fits() {
    let entries: Vec<Vec<u8>> = vec![vec![], vec![1], vec![7; 65_535]];
    let bytes = entries_to_bytes(&entries).unwrap();
    assert_eq!(bytes[..5], [0, 0, 0, 1, 1]);
    assert_eq!(parse_entries(&bytes).unwrap(), entries);
    assert_eq!(entries_to_bytes(&[vec![0; 65_536]]).unwrap_err().code(), "ledger-entry-too-large");
    assert!(parse_entries(&bytes[..bytes.len() - 1]).is_err());
    assert!(parse_entries(&[0]).is_err());
    assert!(parse_entries(&vec![0; 2 * 257]).is_err());
}

#[test]
fn tiles_hold_whole_hashes() {
    assert_eq!(parse(&[1; 64]).unwrap(), [[1; 32]; 2]);
    assert_eq!(to_bytes(&parse(&[9; FULL_BYTES]).unwrap()), [9; FULL_BYTES]);
    for bad in [0, 1, 31, 33, FULL_BYTES + 32] {
        assert!(parse(&vec![0; bad]).is_err(), "{bad}");
    }
    assert_eq!(tile_root(&[[0; 32]; 255]), None);
}

proptest! {
    #[test]
    fn every_path_comes_back(level in 0_u8..64, index: u64, width in 1_u16..=256) {
        for path in [hashes(level, index, width), TilePath::Entries { index, width }] {
            prop_assert_eq!(path.to_string().parse(), Ok(path));
        }
    }

    #[test]
    fn arbitrary_text_never_panics_and_has_one_spelling(text in "(tile/)?([0-9x./p]{0,30}|entries/[0-9x/.p]{0,20}|.{0,30})", bytes: Vec<u8>) {
        if let Ok(path) = text.parse::<TilePath>() {
            prop_assert_eq!(path.to_string(), text);
        }
        if let Ok(entries) = parse_entries(&bytes) {
            prop_assert_eq!(entries_to_bytes(&entries).unwrap(), bytes.clone());
        }
        let _ = parse(&bytes);
    }
}
