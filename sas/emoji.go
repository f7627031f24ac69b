package sas

// Emoji is one of the 64 emoji of the specification. Its name is shown beside
// the symbol, which looks different from one device to the next.
type Emoji struct {
	Symbol  string // one or two code points: seven of them end in U+FE0F
	English string
	French  string
}

// EmojiTable returns all emoji, by index.
func EmojiTable() [64]Emoji { return emoji }

// Symbols and names are facts of the Matrix specification:
// https://github.com/matrix-org/matrix-spec, data-definitions/sas-emoji.json.
// The symbols that take U+FE0F are written with it escaped: it does not show.
var emoji = [64]Emoji{
	{"🐶", "Dog", "Chien"},
	{"🐱", "Cat", "Chat"},
	{"🦁", "Lion", "Lion"},
	{"🐎", "Horse", "Cheval"},
	{"🦄", "Unicorn", "Licorne"},
	{"🐷", "Pig", "Cochon"},
	{"🐘", "Elephant", "Éléphant"},
	{"🐰", "Rabbit", "Lapin"},
	{"🐼", "Panda", "Panda"},
	{"🐓", "Rooster", "Coq"},
	{"🐧", "Penguin", "Manchot"},
	{"🐢", "Turtle", "Tortue"},
	{"🐟", "Fish", "Poisson"},
	{"🐙", "Octopus", "Poulpe"},
	{"🦋", "Butterfly", "Papillon"},
	{"🌷", "Flower", "Fleur"},
	{"🌳", "Tree", "Arbre"},
	{"🌵", "Cactus", "Cactus"},
	{"🍄", "Mushroom", "Champignon"},
	{"🌏", "Globe", "Globe"},
	{"🌙", "Moon", "Lune"},
	{"☁\ufe0f", "Cloud", "Nuage"},
	{"🔥", "Fire", "Feu"},
	{"🍌", "Banana", "Banane"},
	{"🍎", "Apple", "Pomme"},
	{"🍓", "Strawberry", "Fraise"},
	{"🌽", "Corn", "Maïs"},
	{"🍕", "Pizza", "Pizza"},
	{"🎂", "Cake", "Gâteau"},
	{"❤\ufe0f", "Heart", "Cœur"},
	{"😀", "Smiley", "Sourire"},
	{"🤖", "Robot", "Robot"},
	{"🎩", "Hat", "Chapeau"},
	{"👓", "Glasses", "Lunettes"},
	{"🔧", "Spanner", "Clé à molette"},
	{"🎅", "Santa", "Père Noël"},
	{"👍", "Thumbs Up", "Pouce en l’air"},
	{"☂\ufe0f", "Umbrella", "Parapluie"},
	{"⌛", "Hourglass", "Sablier"},
	{"⏰", "Clock", "Réveil"},
	{"🎁", "Gift", "Cadeau"},
	{"💡", "Light Bulb", "Ampoule"},
	{"📕", "Book", "Livre"},
	{"✏\ufe0f", "Pencil", "Crayon"},
	{"📎", "Paperclip", "Trombone"},
	{"✂\ufe0f", "Scissors", "Ciseaux"},
	{"🔒", "Lock", "Cadenas"},
	{"🔑", "Key", "Clé"},
	{"🔨", "Hammer", "Marteau"},
	{"☎\ufe0f", "Telephone", "Téléphone"},
	{"🏁", "Flag", "Drapeau"},
	{"🚂", "Train", "Train"},
	{"🚲", "Bicycle", "Vélo"},
	{"✈\ufe0f", "Aeroplane", "Avion"},
	{"🚀", "Rocket", "Fusée"},
	{"🏆", "Trophy", "Trophée"},
	{"⚽", "Ball", "Ballon"},
	{"🎸", "Guitar", "Guitare"},
	{"🎺", "Trumpet", "Trompette"},
	{"🔔", "Bell", "Cloche"},
	{"⚓", "Anchor", "Ancre"},
	{"🎧", "Headphones", "Casque audio"},
	{"📁", "Folder", "Dossier"},
	{"📌", "Pin", "Punaise"},
}
