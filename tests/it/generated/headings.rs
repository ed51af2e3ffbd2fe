//! Headings above running text, with noise next to them: a grid of words, forms, kinds of noise and
//! positions.

/// A document and its heading.
#[derive(Debug, Clone)]
pub(crate) struct Headed {
    pub(crate) text: String,
    /// One line, or two for an underlined heading.
    pub(crate) heading: String,
}

/// Headings, noise and running text in one language.
struct Language {
    words: &'static [&'static str],
    noise: &'static [&'static str],
    prose: [&'static str; 3],
}

/// Where the noise is.
#[derive(Debug, Clone, Copy)]
enum Noise {
    Above,
    Below,
    Around,
}

/// Where the heading is in its document.
#[derive(Debug, Clone, Copy)]
enum Place {
    Start,
    Middle,
}

/// Formats a heading.
type Form = fn(&str) -> String;

const FORMS: [Form; 10] = [
    |word| word.to_owned(),
    |word| format!("## {word}"),
    |word| format!("#### {word} ####"),
    |word| format!("**{word}**"),
    |word| format!("{word}:"),
    |word| format!("## **{word}**"),
    |word| format!("{word}\n{}", "=".repeat(word.chars().count().max(3))),
    |word| format!("{word}\n{}", "-".repeat(word.chars().count().max(3))),
    |word| word.to_uppercase(),
    |word| format!("3. {word}"),
];

/// Returns every `step`th document of the grid.
pub(crate) fn grid(step: usize) -> impl Iterator<Item = Headed> {
    let all = languages().flat_map(|language| {
        let pairs = language
            .words
            .iter()
            .flat_map(|word| language.noise.iter().map(move |noise| (word, noise)));
        pairs.flat_map(move |(word, noise)| {
            FORMS.iter().flat_map(move |form| {
                [Noise::Above, Noise::Below, Noise::Around].into_iter().flat_map(move |side| {
                    [Place::Start, Place::Middle]
                        .into_iter()
                        .map(move |place| (language, word, noise, form, side, place))
                })
            })
        })
    });
    all.step_by(step).map(|(language, word, noise, form, side, place)| {
        let heading = form(word);
        let mut parts = match place {
            Place::Start => Vec::new(),
            Place::Middle => vec![language.prose[0]],
        };
        parts.extend(match side {
            Noise::Above => vec![*noise, heading.as_str()],
            Noise::Below => vec![heading.as_str(), noise],
            Noise::Around => vec![*noise, heading.as_str(), noise],
        });
        parts.extend(&language.prose[1..]);
        Headed { text: parts.join("\n\n") + "\n", heading }
    })
}

/// Returns only the noise, with text above and below, to prove that the rules detect it.
pub(crate) fn noise() -> impl Iterator<Item = (&'static str, String)> {
    languages().flat_map(|language| {
        let text =
            |noise: &str| format!("{}\n\n{noise}\n\n{}\n", language.prose[0], language.prose[1]);
        language.noise.iter().map(move |noise| (*noise, text(noise)))
    })
}

impl Headed {
    /// Whether `fixed` still contains the heading.
    pub(crate) fn is_kept(&self, fixed: &str) -> bool {
        fixed
            .lines()
            .collect::<Vec<_>>()
            .windows(self.heading.lines().count())
            .any(|lines| lines.iter().copied().eq(self.heading.lines()))
    }
}

fn languages() -> impl Iterator<Item = &'static Language> {
    [&ENGLISH].into_iter().chain(OTHERS)
}

const ENGLISH: Language = Language {
    words: &[
        "Results",
        "Introduction",
        "Background",
        "Methods",
        "Discussion",
        "Conclusion",
        "Overview",
        "Summary",
        "Features",
        "Requirements",
        "Installation",
        "Usage",
        "Examples",
        "Contact",
        "About",
        "News",
        "Comments",
        "Reviews",
        "Resources",
        "Support",
        "Search",
        "Share",
        "Tags",
        "Categories",
        "Archive",
        "Home",
        "Products",
        "Services",
        "Topics",
        "Sponsors",
        "Video",
        "Photos",
        "Gallery",
        "Notes",
        "Sources",
        "Weather",
        "Sports",
        "Business",
        "Opinion",
        "Politics",
        "Health",
        "Technology",
        "Travel",
        "Entertainment",
        "Science",
        "Jobs",
        "Events",
        "Pricing",
        "Blog",
        "Help",
        "Privacy",
        "Terms",
        "Settings",
        "Profile",
        "Account",
        "Register",
        "Vote",
        "Ratings",
        "Recommended",
        "Related Work",
        "Advanced Search",
        "Contact Us",
        "Getting Started",
        "Next Steps",
        "Previous Work",
        "First Steps",
        "Read This First",
        "Play",
        "Menu",
        "Print",
        "Email",
        "Download",
        "Location",
        "Date",
        "Deals",
        "Offers",
        "Classifieds",
        "Monday",
        "Today",
        "Wind",
        "Follow the Money",
        "More",
        "Last",
        "Forward",
        "Login",
        "Password",
        "Members",
        "Community",
        "Newsletter",
        "Facebook",
    ],
    noise: &[
        "Advertisement",
        "Share this article",
        "Subscribe to our newsletter",
        "Leave a comment",
        "Read more »",
        "Next page »",
        "Page 1 of 3",
        "Skip to main content",
        "© 2024 Example Media. All rights reserved.",
        "5 min read",
        "3 Comments",
        "Click to enlarge",
        "Rate this article",
        "Sign in to your account",
        "Home | News | Sport | Business | Travel",
    ],
    prose: [
        "The bridge across the river was closed for the winter, and the ferry had to carry twice as many people as before.",
        "Engineers measured the height of the water every morning and wrote the numbers into a book that nobody else could read.",
        "After three months the council decided that the old stones were sound, and the road over them opened again in spring.",
    ],
};

const OTHERS: &[Language] = &[
    Language {
        words: &[
            "Ergebnisse",
            "Einleitung",
            "Kommentare",
            "Kontakt",
            "Übersicht",
            "Suche",
            "Wetter",
            "Sport",
            "Werkzeuge",
            "Hilfe",
        ],
        noise: &["Anzeige", "Newsletter abonnieren", "Kommentar schreiben", "Nach oben"],
        prose: [
            "Die Brücke über den Fluss blieb den Winter über gesperrt, und die Fähre musste doppelt so viele Menschen tragen wie zuvor.",
            "Ingenieure maßen jeden Morgen die Höhe des Wassers und schrieben die Zahlen in ein Buch, das sonst niemand lesen konnte.",
            "Nach drei Monaten entschied der Rat, dass die alten Steine halten, und im Frühling wurde die Straße wieder geöffnet.",
        ],
    },
    Language {
        words: &[
            "Résultats",
            "Introduction",
            "Commentaires",
            "Contact",
            "Recherche",
            "Météo",
            "Sport",
            "Culture",
            "Partager",
            "Vidéos",
        ],
        noise: &["Publicité", "Laisser un commentaire", "Haut de page"],
        prose: [
            "Le pont sur la rivière est resté fermé tout l'hiver, et le bac a dû porter deux fois plus de monde qu'auparavant.",
            "Les ingénieurs mesuraient chaque matin la hauteur de l'eau et notaient les chiffres dans un cahier que nul autre ne lisait.",
            "Au bout de trois mois, le conseil a jugé que les vieilles pierres tenaient bon, et la route a rouvert au printemps.",
        ],
    },
    Language {
        words: &[
            "Resultados",
            "Introducción",
            "Comentarios",
            "Contacto",
            "Deportes",
            "Tiempo",
            "Noticias",
            "Buscar",
            "Vídeos",
            "Cultura",
        ],
        noise: &["Publicidad", "Deja un comentario", "Volver arriba"],
        prose: [
            "El puente sobre el río quedó cerrado todo el invierno, y el barco tuvo que llevar el doble de gente que antes.",
            "Los ingenieros medían cada mañana la altura del agua y apuntaban los números en un cuaderno que nadie más leía.",
            "Después de tres meses el consejo decidió que las viejas piedras aguantaban, y el camino volvió a abrirse en primavera.",
        ],
    },
    Language {
        words: &[
            "Wyniki",
            "Wstęp",
            "Komentarze",
            "Kontakt",
            "Szukaj",
            "Pogoda",
            "Sport",
            "Aktualności",
            "Zdjęcia",
            "Kultura",
        ],
        noise: &["Reklama", "Dodaj komentarz", "Do góry"],
        prose: [
            "Most nad rzeką był zamknięty przez całą zimę, a prom musiał przewozić dwa razy więcej ludzi niż wcześniej.",
            "Inżynierowie co rano mierzyli poziom wody i zapisywali liczby w zeszycie, którego nikt inny nie potrafił odczytać.",
            "Po trzech miesiącach rada uznała, że stare kamienie są mocne, i wiosną droga została ponownie otwarta dla wszystkich.",
        ],
    },
    Language {
        words: &[
            "Результаты",
            "Введение",
            "Комментарии",
            "Контакты",
            "Поиск",
            "Погода",
            "Спорт",
            "Новости",
            "Обсуждение",
            "Культура",
        ],
        noise: &["Реклама", "Добавить комментарий", "Наверх"],
        prose: [
            "Мост через реку был закрыт всю зиму, и паром должен был перевозить вдвое больше людей, чем раньше.",
            "Инженеры каждое утро измеряли уровень воды и записывали числа в тетрадь, которую больше никто не мог прочитать.",
            "Через три месяца совет решил, что старые камни крепки, и весной дорога снова открылась для всех жителей города.",
        ],
    },
    Language {
        words: &[
            "Αποτελέσματα",
            "Εισαγωγή",
            "Σχόλια",
            "Επικοινωνία",
            "Αναζήτηση",
            "Καιρός",
            "Αθλητισμός",
            "Ειδήσεις",
        ],
        noise: &["Διαφήμιση", "Αφήστε σχόλιο"],
        prose: [
            "Η γέφυρα πάνω από το ποτάμι έμεινε κλειστή όλο τον χειμώνα, και το πλοίο μετέφερε διπλάσιους ανθρώπους από πριν.",
            "Οι μηχανικοί μετρούσαν κάθε πρωί το ύψος του νερού και έγραφαν τους αριθμούς σε ένα τετράδιο που κανείς δεν διάβαζε.",
            "Μετά από τρεις μήνες το συμβούλιο αποφάσισε ότι οι παλιές πέτρες αντέχουν, και ο δρόμος άνοιξε ξανά την άνοιξη.",
        ],
    },
    Language {
        words: &[
            "结果",
            "简介",
            "评论",
            "联系我们",
            "搜索",
            "天气",
            "体育",
            "新闻",
            "视频",
            "分享",
        ],
        noise: &["广告", "发表评论", "下一页"],
        prose: [
            "这座横跨河流的桥整个冬天都关闭了，渡船不得不运送比以前多一倍的人，每天早上码头上都排着很长的队伍。",
            "工程师们每天早上测量水位，把数字写进一本别人都看不懂的本子里，晚上再把它们抄到一张很大的表上。",
            "三个月以后，市议会认为那些古老的石头仍然坚固，于是在春天重新开放了这条道路，所有的人都很高兴。",
        ],
    },
    Language {
        words: &[
            "結果",
            "はじめに",
            "コメント",
            "お問い合わせ",
            "検索",
            "天気",
            "スポーツ",
            "ニュース",
            "関連",
            "共有",
        ],
        noise: &["広告", "コメントを書く", "次のページ"],
        prose: [
            "川に架かる橋は冬の間ずっと閉鎖され、渡し船は以前の二倍の人を運ばなければならなかったと住民たちは話している。",
            "技師たちは毎朝水位を測り、ほかの誰にも読めない帳面に数字を書き込み、夜になると大きな表に写し取っていた。",
            "三か月後、議会は古い石がまだ丈夫だと判断し、春になって道路は再び開通し、町の人々はみな喜んだということだ。",
        ],
    },
];
