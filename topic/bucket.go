package topic

// A bucket has keys with their items. It never changes. A key stands at the place which
// the last bits of its hash tell, or, if that is taken, as soon behind it as there is
// room. So the text and the item, which lie far from each other, can be fetched at the
// same time.
type bucket[T any] struct {
	text   string // a place for each key, and then those that have no room in theirs
	items  []T    // of each place
	homes  uint32 // how many places there are that hashes tell; there are more if the last of them were taken
	keys   uint16 // how many there are; of a leaf, with those that are recent
	stride uint8  // bytes of a place in the text
}

// A place in the text has a byte with the length of the key, and one, and then the key; or
// longKey, and then in four bytes each where in the text it is and how long. It has zeros
// if there is no key.
const (
	longKey   = 0xFF
	placeText = 8  // bytes of a key that a place has room for at least
	maxPlace  = 63 // and at most
)

// home returns the place which a hash tells.
func (b *bucket[T]) home(h uint64) int { return int(uint64(uint32(h)) * uint64(b.homes) >> 32) }

// search returns which place has a key, or -1.
func (b *bucket[T]) search(h uint64, key []byte) int {
	stride := int(b.stride)
	for i := b.home(h); i < len(b.items); i++ {
		switch text := b.text[i*stride:][:stride]; {
		case len(key) < stride && int(text[0]) == len(key)+1:
			if text[1:1+len(key)] == string(key) {
				return i
			}
		case text[0] == 0:
			return -1
		case text[0] == longKey:
			if b.long(text) == string(key) {
				return i
			}
		}
	}
	return -1
}

// long returns the key of a place that has no room for it.
func (b *bucket[T]) long(place string) string {
	return b.text[word(place[1:]):][:word(place[5:])]
}

func word(s string) int { return int(s[0]) | int(s[1])<<8 | int(s[2])<<16 | int(s[3])<<24 }

// key returns the key of a place, and whether there is one.
func (b *bucket[T]) key(i int) (key string, ok bool) {
	switch place := b.text[i*int(b.stride):][:b.stride]; place[0] {
	case 0:
		return "", false
	case longKey:
		return b.long(place), true
	default:
		return place[1:place[0]], true
	}
}

// held is a key with its hash and its item.
type held[T any] struct {
	hash uint64
	key  string
	item T
	gone bool // it is deleted, of late
}

// newBucket returns a bucket with the keys, one place in three being free.
func newBucket[T any](all []held[T]) (b bucket[T]) {
	if len(all) == 0 {
		return b
	}
	room := placeRoom(all)
	b.stride, b.homes, b.keys = uint8(1+room), uint32(len(all)*3/2), uint16(len(all))
	places := b.places(all)
	b.items = make([]T, len(places))
	text := make([]byte, len(places)*(1+room), len(places)*(1+room)+longText(all, room))
	for i, k := range places {
		if k > 0 {
			b.items[i] = all[k-1].item
			text = putKey(text, text[i*(1+room):][:1+room], all[k-1].key)
		}
	}
	b.text = string(text)
	return b
}

// placeRoom returns for how many bytes of the keys each place has room: for all of the
// key, unless some are much longer than others or most are long.
func placeRoom[T any](all []held[T]) int {
	longest, sum := 0, 0
	for i := range all {
		longest, sum = max(longest, len(all[i].key)), sum+len(all[i].key)
	}
	switch mean := sum / len(all); {
	case mean > maxPlace:
		return placeText
	case longest > 2*mean || longest > maxPlace:
		return min(max(2*mean, placeText), maxPlace)
	}
	return longest
}

// longText returns how many bytes the keys have that are too long for their places.
func longText[T any](all []held[T], room int) (n int) {
	for i := range all {
		if len(all[i].key) > room {
			n += len(all[i].key)
		}
	}
	return n
}

// putKey writes a key into its place in the text, and appends it if there is not the
// room for it.
func putKey(text, place []byte, key string) []byte {
	if len(key) < len(place) {
		place[0] = byte(len(key) + 1)
		copy(place[1:], key)
		return text
	}
	place[0] = longKey
	putWord(place[1:], len(text))
	putWord(place[5:], len(key))
	return append(text, key...)
}

func putWord(b []byte, n int) {
	b[0], b[1], b[2], b[3] = byte(n), byte(n>>8), byte(n>>16), byte(n>>24)
}

// places returns which of the keys each place has, and one; 0 is none.
func (b *bucket[T]) places(all []held[T]) []uint16 {
	places := make([]uint16, int(b.homes), int(b.homes)+len(all))
	var others []int
	for k := range all {
		if home := b.home(all[k].hash); places[home] == 0 {
			places[home] = uint16(k + 1)
		} else {
			others = append(others, k)
		}
	}
	for _, k := range others {
		i := b.home(all[k].hash)
		for i < len(places) && places[i] != 0 {
			i++
		}
		if i == len(places) {
			places = append(places, 0)
		}
		places[i] = uint16(k + 1)
	}
	return places
}
