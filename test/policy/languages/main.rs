// Threads, files, panics and hash maps: what ordinary programs of Rust do.
use std::collections::HashMap;
use std::{fs, thread, time::Duration};

fn main() {
    let threads: Vec<_> =
        (0..4).map(|_| thread::spawn(|| thread::sleep(Duration::from_millis(1)))).collect();
    for each in threads {
        each.join().unwrap();
    }
    fs::write("rs.txt", "text").unwrap();
    assert_eq!(fs::read_to_string("rs.txt").unwrap(), "text");
    for entry in fs::read_dir(".").unwrap() {
        entry.unwrap().metadata().unwrap();
    }
    fs::remove_file("rs.txt").unwrap();
    let mut map = HashMap::new();
    map.insert(1, 2);
    assert!(thread::spawn(|| panic!("on purpose")).join().is_err());
    println!("ok");
}
