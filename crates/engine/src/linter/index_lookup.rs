//! Looks up the old documents that a comparison needs in indexes.
//!
//! Only old units that share a key with a new one can match it. Whether they do also depends on
//! whether they are claimed: an old paragraph that is itself a copy is not compared. So the keys of
//! the old units found are looked up too, until no new units are found. Comparing the new documents
//! with only these units gives the same findings as comparing them with all.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Sketch;
use dechaff_duplicates::element_order::ElementOrder;
use dechaff_duplicates::indexed::{
    IndexKey, IndexedCheck, IndexedDocument, KeyKind, ReferenceIndex, StoredUnit, UnitId,
};
use dechaff_duplicates::store;
use dechaff_text::Origin;

/// The result of looking up a comparison in indexes.
#[derive(Debug, Default)]
pub struct IndexMatches {
    /// The documents of each index to compare with.
    pub documents: Vec<Vec<(IndexedDocument, Arc<Origin>)>>,
    /// The number of old documents left out because they are being checked.
    pub own: usize,
}

/// The part of an old document to compare with: its sketch, and the offset and line of each unit in
/// it.
pub(super) type Reference = (Sketch, Vec<(u32, u32)>);

/// A unit whose keys are looked up.
pub(super) struct Query {
    check: usize,
    bytes: Vec<u8>,
}

/// A key of a query.
struct QueryKey {
    key: IndexKey,
    query: usize,
}

/// A lookup in several indexes.
pub(super) struct IndexLookup<'l> {
    /// The checks that can be indexed, by their position in a sketch.
    checks: Vec<Option<&'l dyn IndexedCheck>>,
    documents: OldDocuments,
    /// The number of new lines with each variant key.
    variants: FxHashMap<u64, usize>,
    /// The keys looked up in each index.
    seen: FxHashSet<(usize, KeyKind, u64)>,
    units: BTreeMap<(usize, UnitId), StoredUnit>,
    /// Content hashes of old units whose keys have been looked up or queued.
    queried: FxHashSet<u64>,
}

/// The old documents seen so far, and which of them are left out.
struct OldDocuments {
    /// The documents being checked.
    checked: FxHashSet<Arc<Origin>>,
    /// The origin of each document; `None` for those left out.
    origins: FxHashMap<DocumentPlace, Option<Arc<Origin>>>,
    /// The document used for each origin, in case several indexes have it.
    owners: FxHashMap<Arc<Origin>, DocumentPlace>,
    /// The number of documents left out because they are being checked.
    own: usize,
}

/// The number of an index, and a document in it.
type DocumentPlace = (usize, IndexedDocument);

impl OldDocuments {
    fn new(checked: FxHashSet<Arc<Origin>>) -> Self {
        Self { checked, origins: FxHashMap::default(), owners: FxHashMap::default(), own: 0 }
    }

    /// Whether a document is compared with.
    ///
    /// # Errors
    ///
    /// The index cannot be read.
    fn includes(
        &mut self,
        place: DocumentPlace,
        index: &mut dyn ReferenceIndex,
    ) -> store::Result<bool> {
        if let Some(origin) = self.origins.get(&place) {
            return Ok(origin.is_some());
        }
        let origin = index.origin(place.1)?;
        let is_checked = self.checked.contains(&origin);
        self.own += usize::from(is_checked);
        let owner = *self.owners.entry(Arc::clone(&origin)).or_insert(place);
        let is_included = !is_checked && owner == place;
        self.origins.insert(place, is_included.then_some(origin));
        Ok(is_included)
    }
}

impl<'l> IndexLookup<'l> {
    pub(super) fn new(
        checks: Vec<Option<&'l dyn IndexedCheck>>,
        checked: FxHashSet<Arc<Origin>>,
    ) -> Self {
        Self {
            checks,
            documents: OldDocuments::new(checked),
            variants: FxHashMap::default(),
            seen: FxHashSet::default(),
            units: BTreeMap::new(),
            queried: FxHashSet::default(),
        }
    }

    /// Splits a part of a sketch into queries.
    pub(super) fn queries(&self, check: usize, sketch: &[u8], queries: &mut Vec<Query>) {
        let Some(Some(indexed)) = self.checks.get(check) else { return };
        indexed.for_each_unit(sketch, &mut |unit| {
            let bytes = sketch.get(unit.bytes).unwrap_or_default().to_vec();
            queries.push(Query { check, bytes });
        });
    }

    /// Counts the variants of the lines in a part of a new sketch. All must be counted before the
    /// first lookup.
    pub(super) fn count_variants(
        &mut self,
        check: usize,
        sketch: &[u8],
        index: &dyn ReferenceIndex,
    ) {
        let Some(Some(indexed)) = self.checks.get(check) else { return };
        if indexed.min_variants() == usize::MAX {
            return;
        }
        let mut keys = Vec::new();
        indexed.keys(sketch, index.order(), &mut keys);
        for key in keys.iter().filter(|key| key.kind == KeyKind::Variant) {
            *self.variants.entry(key.key).or_default() += 1;
        }
    }

    /// Looks up new units, and transitively the old units that they depend on.
    ///
    /// # Errors
    ///
    /// An index cannot be read.
    pub(super) fn run(
        &mut self,
        queries: Vec<Query>,
        indexes: &mut [&mut dyn ReferenceIndex],
    ) -> store::Result<()> {
        let mut round = queries;
        let mut is_new = true;
        while !round.is_empty() {
            let mut next = Vec::new();
            for (number, index) in indexes.iter_mut().enumerate() {
                self.find(number, *index, &round, is_new, &mut next)?;
            }
            self.find_variants(&round, indexes, &mut next)?;
            round = next;
            is_new = false;
        }
        Ok(())
    }

    /// Finds the units of an index that match a query, and appends newly found ones to `next`.
    fn find(
        &mut self,
        number: usize,
        index: &mut dyn ReferenceIndex,
        queries: &[Query],
        is_new: bool,
        next: &mut Vec<Query>,
    ) -> store::Result<()> {
        let keys = self.keys(queries, index.order(), |kind| {
            kind != KeyKind::Variant && (is_new || kind.may_claim())
        });
        let mut hits: Vec<UnitId> = Vec::new();
        let mut candidates: Vec<(UnitId, usize)> = Vec::new();
        for of_kind in keys.chunk_by(|left, right| left.key.kind == right.key.kind) {
            let kind = of_kind[0].key.kind;
            if kind.is_candidate() {
                self.find_candidates(index, queries, of_kind, &mut candidates)?;
                continue;
            }
            let mut unseen: Vec<u64> = of_kind.iter().map(|key| key.key.key).collect();
            unseen.dedup();
            unseen.retain(|key| self.seen.insert((number, kind, *key)));
            index.lookup(kind, &unseen, &mut |_, id, _| hits.push(id))?;
        }
        hits.sort_unstable();
        hits.dedup();
        for id in hits {
            if self.is_wanted(number, index, id)? {
                let unit = index.unit(id)?;
                self.add(number, id, unit, next);
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        for of_unit in candidates.chunk_by(|left, right| left.0 == right.0) {
            let id = of_unit[0].0;
            if !self.is_wanted(number, index, id)? {
                continue;
            }
            let unit = index.unit(id)?;
            let Some((position, check)) = self.check_of(&unit) else { continue };
            let is_similar = of_unit.iter().any(|(_, query)| {
                let query = &queries[*query];
                query.check == position && check.are_similar(&query.bytes, &unit.bytes)
            });
            if is_similar {
                self.add(number, id, unit, next);
            }
        }
        Ok(())
    }

    /// Returns the keys of the queries whose kind passes `filter`, sorted by kind and key.
    fn keys(
        &self,
        queries: &[Query],
        order: &ElementOrder,
        filter: impl Fn(KeyKind) -> bool,
    ) -> Vec<QueryKey> {
        let mut keys = Vec::new();
        let mut of_query = Vec::new();
        for (at, query) in queries.iter().enumerate() {
            let Some(Some(check)) = self.checks.get(query.check) else { continue };
            check.keys(&query.bytes, order, &mut of_query);
            let wanted = of_query.drain(..).filter(|key| filter(key.kind));
            keys.extend(wanted.map(|key| QueryKey { key, query: at }));
        }
        keys.sort_unstable_by_key(|key| (key.key.kind, key.key.key, key.query));
        keys
    }

    fn find_candidates(
        &self,
        index: &mut dyn ReferenceIndex,
        queries: &[Query],
        keys: &[QueryKey],
        candidates: &mut Vec<(UnitId, usize)>,
    ) -> store::Result<()> {
        let mut distinct: Vec<u64> = keys.iter().map(|key| key.key.key).collect();
        distinct.dedup();
        index.lookup(keys[0].key.kind, &distinct, &mut |key, id, detail| {
            let from = keys.partition_point(|other| other.key.key < key);
            for other in keys[from..].iter().take_while(|other| other.key.key == key) {
                let check = self.checks.get(queries[other.query].check).copied().flatten();
                if check.is_some_and(|check| check.may_be_similar(other.key.detail, detail)) {
                    candidates.push((id, other.query));
                }
            }
        })
    }

    /// Finds lines that differ from a line in one word, if the indexes and the new documents
    /// together have enough of them.
    fn find_variants(
        &mut self,
        queries: &[Query],
        indexes: &mut [&mut dyn ReferenceIndex],
        next: &mut Vec<Query>,
    ) -> store::Result<()> {
        let minimum = self.checks.iter().flatten().map(|check| check.min_variants()).min();
        let minimum = minimum.unwrap_or(usize::MAX);
        // The keys of lines do not depend on the order.
        let Some(order) = indexes.first().map(|index| index.order()) else { return Ok(()) };
        if minimum == usize::MAX {
            return Ok(());
        }
        let keys = self.keys(queries, order, |kind| kind == KeyKind::Variant);
        let mut unseen: Vec<u64> = keys.iter().map(|key| key.key.key).collect();
        unseen.dedup();
        unseen.retain(|key| self.seen.insert((usize::MAX, KeyKind::Variant, *key)));
        let mut found: Vec<(u64, usize, UnitId)> = Vec::new();
        for (number, index) in indexes.iter_mut().enumerate() {
            index.lookup(KeyKind::Variant, &unseen, &mut |key, id, _| {
                found.push((key, number, id));
            })?;
        }
        found.sort_unstable();
        for of_key in found.chunk_by(|left, right| left.0 == right.0) {
            let new = self.variants.get(&of_key[0].0).copied().unwrap_or(0);
            if of_key.len() + new < minimum {
                continue;
            }
            for (_, number, id) in of_key {
                let Some(index) = indexes.get_mut(*number) else { continue };
                if self.is_wanted(*number, *index, *id)? {
                    let unit = index.unit(*id)?;
                    self.add(*number, *id, unit, next);
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, number: usize, id: UnitId, unit: StoredUnit, next: &mut Vec<Query>) {
        if let Some((position, check)) = self.check_of(&unit) {
            // Many old lines are equal, and have the same matches.
            let mut hasher = DefaultHasher::new();
            (position, check.content(&unit.bytes)).hash(&mut hasher);
            if self.queried.insert(hasher.finish()) {
                next.push(Query { check: position, bytes: unit.bytes.clone() });
            }
            self.units.insert((number, id), unit);
        }
    }

    /// Returns the check that compares a unit, and its position in sketches.
    fn check_of(&self, unit: &StoredUnit) -> Option<(usize, &'l dyn IndexedCheck)> {
        let mut checks = self.checks.iter().enumerate();
        checks.find_map(|(position, check)| {
            (*check).filter(|check| check.number() == unit.check).map(|check| (position, check))
        })
    }

    /// Whether a unit is newly found and its document is not left out.
    fn is_wanted(
        &mut self,
        number: usize,
        index: &mut dyn ReferenceIndex,
        id: UnitId,
    ) -> store::Result<bool> {
        if self.units.contains_key(&(number, id)) {
            return Ok(false);
        }
        match index.document_of(id)? {
            Some(document) => self.documents.includes((number, document), index),
            None => Ok(false),
        }
    }

    /// Returns the parts of old documents to compare with.
    pub(super) fn finish(self, indexes: usize) -> (IndexMatches, Vec<Reference>) {
        let mut matches =
            IndexMatches { documents: vec![Vec::new(); indexes], own: self.documents.own };
        let mut references: BTreeMap<DocumentPlace, Reference> = BTreeMap::new();
        for ((number, _), unit) in self.units {
            let place = (number, unit.document);
            let Some(Some(origin)) = self.documents.origins.get(&place) else { continue };
            let (sketch, lines) = references.entry(place).or_insert_with(|| {
                if let Some(documents) = matches.documents.get_mut(number) {
                    documents.push((unit.document, Arc::clone(origin)));
                }
                let parts = vec![Vec::new(); self.checks.len()];
                (Sketch { origin: Arc::clone(origin), parts }, Vec::new())
            });
            let position = self
                .checks
                .iter()
                .position(|check| check.is_some_and(|check| check.number() == unit.check));
            if let Some(part) = position.and_then(|position| sketch.parts.get_mut(position)) {
                part.extend_from_slice(&unit.bytes);
                lines.push((unit.start, unit.line));
            }
        }
        (matches, references.into_values().collect())
    }
}
