use super::*;
use crate::ledger::{NoteSigner, fixture::TestSigner, merkle::*};
use proptest::prelude::*;

fn log(size: u64) -> (Vec<Hash>, NoteSigner, String) {
    let leaves: Vec<Hash> = (0..size).map(|i| leaf_hash(&i.to_be_bytes())).collect();
    let mut tree = Tree::new();
    for leaf in &leaves {
        tree.append(*leaf);
    }
    let signer = NoteSigner::new("gate.example.com/log/acme", TestSigner::generate()).unwrap();
    let head = Checkpoint::sign(size, tree.root(), &signer).unwrap();
    (leaves, signer, head)
}

fn root(leaves: &[Hash]) -> Hash {
    let mut tree = Tree::new();
    for leaf in leaves {
        tree.append(*leaf);
    }
    tree.root()
}

fn prove(leaves: &[Hash], index: u64, checkpoint: &str) -> Proof {
    let read = |node: Node| {
        let (from, width) = ((node.index << node.level) as usize, 1 << node.level);
        leaves.get(from..from + width).map(root)
    };
    let path = prove_inclusion(index, leaves.len() as u64, &read).unwrap();
    Proof { extra: None, index, path, checkpoint: checkpoint.into() }
}

#[test]
fn a_proof_stands_alone() {
    let (leaves, signer, head) = log(11);
    let keys = [signer.verifier().clone()];
    for index in 0..11 {
        let proof = prove(&leaves, index, &head);
        let read: Proof = proof.to_string().parse().unwrap();
        assert_eq!(read, proof);
        let leaf = leaves[index as usize];
        assert_eq!(read.verify(&leaf, &keys).unwrap().size, 11);
        assert_eq!(
            read.verify(&leaves[(index as usize + 1) % 11], &keys).unwrap_err().code(),
            "ledger-not-included"
        );
        assert_eq!(read.verify(&leaf, &[]).unwrap_err().code(), "ledger-unknown-key");
    }
}

/// The layout of C2SP tlog-proof, line by line.
#[test]
fn the_text_is_that_of_the_specification() {
    let (leaves, _, head) = log(3);
    let mut proof = prove(&leaves, 2, &head);
    let sibling = STANDARD.encode(node_hash(&leaves[0], &leaves[1]));
    assert_eq!(proof.to_string(), format!("c2sp.org/tlog-proof@v1\nindex 2\n{sibling}\n\n{head}"));
    proof.extra = Some(b"agent".to_vec());
    assert_eq!(
        proof.to_string(),
        format!("c2sp.org/tlog-proof@v1\nextra YWdlbnQ=\nindex 2\n{sibling}\n\n{head}")
    );
    let single = log(1);
    let text = prove(&single.0, 0, &single.2).to_string();
    assert_eq!(text, format!("c2sp.org/tlog-proof@v1\nindex 0\n\n{}", single.2));
    assert!(
        text.parse::<Proof>().unwrap().verify(&single.0[0], &[single.1.verifier().clone()]).is_ok()
    );
}

#[test]
fn other_texts_are_refused() {
    let (leaves, _, head) = log(5);
    let good = prove(&leaves, 1, &head).to_string();
    for bad in [
        "",
        "c2sp.org/tlog-proof@v1",
        &good.replace("@v1", "@v2"),
        &good.replace("index 1", "index 01"),
        &good.replace("index 1", "index -1"),
        &good.replace("index 1", "index"),
        &good.replace("index 1\n", ""),
        &good.replace("index 1", "index 1\nindex 1"),
        &good.replace("index 1", "extra !\nindex 1"),
        &good.replace("index 1", "index 1\nAAAA"),
        &good.replacen('\n', "\r\n", 1),
        &good.replace("index 1", "index 99999999999999999999"),
        &good.replace(
            "index 1",
            &format!("index 1{}", format!("\n{}", STANDARD.encode([0; 32])).repeat(64)),
        ),
        &"x".repeat(300_000),
    ] {
        assert!(bad.parse::<Proof>().is_err(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics_and_has_one_spelling(text in "(c2sp.org/tlog-proof@v1\n)?(extra [A-Za-z0-9=]{0,8}\n)?(index [0-9]{0,3}\n)?.{0,60}(\n\n.{0,20})?") {
        if let Ok(proof) = text.parse::<Proof>() {
            prop_assert_eq!(proof.to_string(), text);
            let _ = proof.verify(&[0; 32], &[]);
        }
    }
}
