from lstmvis.data.corpora.prose import tokens

END = "\n\n"


def words(text):
    return " ".join(tokens(text)).replace(f" {END}", " /")


def test_words_and_punctuation_are_tokens_and_a_paragraph_ends():
    assert tokens("One, two;\nthree!\n\n\nFour...") == ["One", ",", "two", ";", "three", "!", END, "Four", "...", END]
    assert words("Mr. Fox is half-asleep--so it seems--at 10.") == "Mr. Fox is half-asleep — so it seems — at 10 . /"


def test_straight_and_curly_marks_become_the_same():
    straight, curly = '"Well," said she, "it isn\'t."', "“Well,” said she, “it isn’t.”"
    assert words(straight) == words(curly) == "“ Well , ” said she , “ it is n't . ” /"


def test_marks_of_speech_are_double_also_where_a_book_has_single_ones():
    assert (
        words("'Well,' said she.\n\n'Say \"please,\" then.'") == "“ Well , ” said she . / “ Say ‘ please , ’ then . ” /"
    )
    assert (
        words('"Well," said she.\n\n"Say \'please,\' then."') == "“ Well , ” said she . / “ Say ‘ please , ’ then . ” /"
    )


def test_apostrophes_are_told_from_single_marks():
    assert words("'The boys' hats aren't Tom's,' he said; ''tis late.'") == (
        "“ The boys ' hats are n't Tom 's , ” he said ; “ ' tis late . ” /"
    )
    assert words("The princesses' room.") == "The princesses ' room . /"
    assert words("'ORANGE MARMALADE', it said, '--and more--' (for it was empty).") == (
        "“ ORANGE MARMALADE ” , it said , “ — and more — ” ( for it was empty ) . /"
    )


def test_a_mark_that_opens_after_a_dash_or_a_bracket_is_seen_to_open():
    assert words('She said--"No." ("Why?")') == "She said — “ No . ” ( “ Why ? ” ) /"


def test_contractions_are_two_words():
    assert words("I'll, I've, you're, he'd, can't, DON'T") == "I 'll , I 've , you 're , he 'd , ca n't , DO N'T /"


def test_pictures_underlining_and_lines_of_stars_are_left_out():
    assert words("_Very_ old.\n\n* * * * *\n\n[Illustration: A\nfox]\n\nNew.") == "Very old . / New . /"
