#!/usr/bin/env python3
"""Inserts made-up people into clean articles, and measures how many records dechaff finds completely, and whether it flags other lines.

usage: person_records.py DECHAFF [--records N] [--seed N] [--show]     (needs Faker: pip install Faker==40.54.0)

Each document is an article with one record in it, in one of the locales and layouts below; the order of the fields and which
of them a record has are drawn at random. A record counts as found if the fixes of SY001 delete 95 % of its characters; any
other character that they delete is harm.
"""
import argparse
import collections
import json
import pathlib
import random
import subprocess
import sys
import tempfile

from faker import VERSION, Faker

PINNED = "40.54.0"

# Name, user name, mail, birth date, address, telephone, company, job, biography.
LABELS = {
    "en_US": "Name|Username|Email|Birthdate|Address|Phone|Company|Job|Bio",
    "en_GB": "Full Name|Login|E-mail|Date of Birth|Street Address|Mobile|Employer|Occupation|About",
    "es_ES": "Nombre|Usuario|Correo electrónico|Fecha de nacimiento|Dirección|Teléfono|Empresa|Profesión|Biografía",
    "fr_FR": "Nom|Identifiant|Courriel|Date de naissance|Adresse|Téléphone|Entreprise|Profession|Biographie",
    "de_DE": "Name|Benutzername|E-Mail|Geburtsdatum|Anschrift|Telefon|Firma|Beruf|Biografie",
    "it_IT": "Nome|Nome utente|Email|Data di nascita|Indirizzo|Telefono|Azienda|Professione|Biografia",
    "pt_BR": "Nome|Usuário|E-mail|Data de nascimento|Endereço|Telefone|Empresa|Profissão|Biografia",
    "nl_NL": "Naam|Gebruikersnaam|E-mail|Geboortedatum|Adres|Telefoon|Bedrijf|Beroep|Biografie",
    "pl_PL": "Imię i nazwisko|Nazwa użytkownika|E-mail|Data urodzenia|Adres|Telefon|Firma|Zawód|Biografia",
    "ru_RU": "Имя|Логин|Электронная почта|Дата рождения|Адрес|Телефон|Компания|Профессия|Биография",
    "el_GR": "Όνομα|Όνομα χρήστη|Email|Ημερομηνία γέννησης|Διεύθυνση|Τηλέφωνο|Εταιρεία|Επάγγελμα|Βιογραφικό",
    "zh_CN": "姓名|用户名|邮箱|出生日期|地址|电话|公司|职业|简介",
    "ja_JP": "氏名|ユーザー名|メールアドレス|生年月日|住所|電話番号|会社|職業|自己紹介",
    "sv_SE": "Namn|Användarnamn|E-post|Födelsedatum|Adress|Telefon|Företag|Yrke|Biografi",
}

LAYOUTS = {
    "colon": "{}: {}",
    "spaced": "{} : {}",
    "dash": "- {}: {}",
    "bullet": "  • {} : {}",
    "bold": "**{}:** {}",
    "starred": "* **{}**: {}",
    "quoted": "> {}: {}",
}

SENTENCES = """The river fell by half a metre in the night, and the first people went home at dawn.
In the town they were still counting what the water had left: a boat, a door, forty chairs.
Nobody could say when the bridge would open again, though the mayor had promised a date by Friday.
Two engineers from the county walked along the dam in the morning and found one crack near the sluice.
The baker had kept his oven lit through the storm, and by six there was bread for the whole street.
“We have seen worse,” said a woman who has lived by the water for sixty years, and she laughed.
Insurers expect claims of about four million, most of them for cellars and cars that stood too low.
At the school the lower rooms will stay closed until the floors are dry, which may take three weeks.
Volunteers filled sandbags until midnight; the last lorry came from the quarry at a quarter to one.
The lake rose too, but more slowly, and the ferry kept to its timetable all week long.
A heron stood in the flooded orchard as if the trees had always grown out of a pond.
The council will meet on Monday to talk about a wall that was first proposed forty years ago.""".split("\n")


def record(make, locale, latin, chance):
    birth = make.date_of_birth(minimum_age=18, maximum_age=90)
    values = (
        make.name(),
        make.user_name(),
        make.email(),
        birth.strftime(chance.choice(("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y"))),
        make.address().replace("\n", ", "),
        make.phone_number(),
        make.company(),
        make.job(),
        latin.sentence(nb_words=12),
    )
    fields = list(zip(LABELS[locale].split("|"), values))
    # Each has a name, a user name, a mail address and a birth date; other fields are optional.
    fields = fields[:4] + [field for field in fields[4:] if chance.random() < 0.7]
    if chance.random() < 0.5:
        chance.shuffle(fields)
    return fields


def document(make, locale, layout, latin, chance):
    sentences = chance.sample(SENTENCES, 9)
    paragraphs = [" ".join(sentences[at : at + 3]) for at in (0, 3, 6)]
    fields = "\n".join(LAYOUTS[layout].format(*field) for field in record(make, locale, latin, chance))
    paragraphs.insert(chance.choice((1, 2, 3)), fields)
    text = "\n\n".join(paragraphs) + "\n"
    start = len(text[: text.index(fields)].encode())
    return text.encode(), start, start + len(fields.encode())


def deletions(dechaff, documents):
    """Returns what the fixes of SY001 delete, by document."""
    with tempfile.TemporaryDirectory() as folder:
        for index, (text, _, _) in enumerate(documents):
            pathlib.Path(folder, f"{index:06}.txt").write_bytes(text)
        command = [dechaff, "check", folder, "--select", "SY001", "--output-format", "json-lines", "--exit-zero"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(run.stderr)
    taken = collections.defaultdict(list)
    for line in run.stdout.splitlines():
        finding = json.loads(line)
        edits = finding["fix"]["edits"] if finding["fix"] else []
        taken[int(pathlib.Path(finding["path"]).stem)] += [(edit["start"], edit["end"]) for edit in edits]
    return taken


def ink(text):
    return sum(not character.isspace() for character in text.decode(errors="replace"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dechaff")
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print the records that are not found")
    arguments = parser.parse_args()
    if VERSION != PINNED:
        print(f"note: Faker is {VERSION}; the published figure was made with {PINNED}", file=sys.stderr)

    chance = random.Random(arguments.seed)
    makers = {locale: Faker(locale) for locale in LABELS}
    latin = Faker("la")
    for make in (latin, *makers.values()):
        make.seed_instance(arguments.seed)
    kinds = [(locale, layout) for locale in LABELS for layout in LAYOUTS]
    drawn = [kinds[index % len(kinds)] for index in range(arguments.records)]
    documents = [document(makers[locale], locale, layout, latin, chance) for locale, layout in drawn]
    taken = deletions(arguments.dechaff, documents)

    found, harmed, missed = 0, 0, collections.Counter()
    for index, (text, start, end) in enumerate(documents):
        inside = sum(ink(text[max(first, start) : max(min(last, end), start)]) for first, last in taken[index])
        harmed += sum(ink(text[first:last]) for first, last in taken[index]) > inside
        if inside >= 0.95 * ink(text[start:end]):
            found += 1
            continue
        missed[drawn[index]] += 1
        if arguments.show:
            print(f"--- {drawn[index]}\n{text[start:end].decode()}")
    total = len(documents)
    print(
        f"{total} records in {len(LABELS)} locales and {len(LAYOUTS)} layouts: {found} found whole "
        f"({100 * found / total:.2f} %), {harmed} articles with a character taken"
    )
    for (locale, layout), count in missed.most_common():
        print(f"missed in {locale}, {layout}: {count}")


if __name__ == "__main__":
    main()
