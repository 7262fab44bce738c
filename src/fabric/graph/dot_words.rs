//! The words of a DOT file: names, punctuation and edge operators, without comments.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use crate::base::Spot;

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    /// A name, number, quoted string or HTML string.
    Name {
        text: String,
        /// Quoted names are never keywords.
        quoted: bool,
    },
    /// `->` or `--`.
    Edge {
        directed: bool,
    },
    Open,
    Close,
    OpenList,
    CloseList,
    Equals,
    Semicolon,
    Comma,
    Colon,
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { text, .. } => write!(f, "`{text}`"),
            Self::Edge { directed: true } => f.write_str("`->`"),
            Self::Edge { directed: false } => f.write_str("`--`"),
            Self::Open => f.write_str("`{`"),
            Self::Close => f.write_str("`}`"),
            Self::OpenList => f.write_str("`[`"),
            Self::CloseList => f.write_str("`]`"),
            Self::Equals => f.write_str("`=`"),
            Self::Semicolon => f.write_str("`;`"),
            Self::Comma => f.write_str("`,`"),
            Self::Colon => f.write_str("`:`"),
        }
    }
}

/// Why reading ended: a problem at a place.
type Refusal = (Spot, String);

/// The words of a text, with one word of look-ahead.
pub(super) struct Words<'t> {
    chars: Peekable<Chars<'t>>,
    /// Place of the next character.
    at: Spot,
    /// Place of the last word that was taken.
    spot: Spot,
    /// The word that was looked at, with its place.
    ahead: Option<(Spot, Option<Word>)>,
}

impl<'t> Words<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let chars = text.trim_start_matches('\u{feff}').chars().peekable();
        Self { chars, at: Spot::START, spot: Spot::START, ahead: None }
    }

    /// Place of the last word that was taken.
    pub(super) fn spot(&self) -> Spot {
        self.spot
    }

    /// Refuses the file at the last word.
    pub(super) fn refuse<T>(&self, message: String) -> Result<T, Refusal> {
        Err((self.spot, message))
    }

    /// The next word, or `None` at the end of the text.
    pub(super) fn take(&mut self) -> Result<Option<Word>, Refusal> {
        let (spot, word) = match self.ahead.take() {
            Some(ahead) => ahead,
            None => self.read()?,
        };
        self.spot = spot;
        Ok(word)
    }

    /// The next word, left where it is.
    pub(super) fn peek(&mut self) -> Result<Option<&Word>, Refusal> {
        if self.ahead.is_none() {
            self.ahead = Some(self.read()?);
        }
        Ok(self.ahead.as_ref().and_then(|(_, word)| word.as_ref()))
    }

    /// Takes `word`.
    pub(super) fn expect(&mut self, word: &Word) -> Result<(), Refusal> {
        match self.take()? {
            Some(found) if found == *word => Ok(()),
            Some(found) => self.refuse(format!("{found} where {word} is expected")),
            None => self.refuse(format!("the file ends where {word} is expected")),
        }
    }

    /// Takes a name.
    pub(super) fn name(&mut self, what: &str) -> Result<String, Refusal> {
        match self.take()? {
            Some(Word::Name { text, .. }) => Ok(text),
            Some(found) => self.refuse(format!("{found} where {what} is expected")),
            None => self.refuse(format!("the file ends where {what} is expected")),
        }
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.chars.next();
        c.into_iter().for_each(|c| self.at.step(c));
        c
    }

    fn read(&mut self) -> Result<(Spot, Option<Word>), Refusal> {
        self.skip_blanks()?;
        let spot = self.at;
        let Some(c) = self.bump() else { return Ok((spot, None)) };
        let word = match c {
            '{' => Word::Open,
            '}' => Word::Close,
            '[' => Word::OpenList,
            ']' => Word::CloseList,
            '=' => Word::Equals,
            ';' => Word::Semicolon,
            ',' => Word::Comma,
            ':' => Word::Colon,
            '"' => Word::Name { text: self.quoted(spot)?, quoted: true },
            '<' => Word::Name { text: self.html(spot)?, quoted: true },
            '-' if self.chars.peek() == Some(&'>') => {
                self.bump();
                Word::Edge { directed: true }
            }
            '-' if self.chars.peek() == Some(&'-') => {
                self.bump();
                Word::Edge { directed: false }
            }
            c if is_name(c) || c == '-' && self.chars.peek().is_some_and(|&c| is_name(c)) => {
                Word::Name { text: self.plain(c), quoted: false }
            }
            c => return Err((spot, format!("`{c}` is not part of any word"))),
        };
        Ok((spot, Some(word)))
    }

    /// Skips white space, comments and preprocessor lines.
    fn skip_blanks(&mut self) -> Result<(), Refusal> {
        let mut line_start = self.at.line == 1;
        while let Some(&c) = self.chars.peek() {
            match c {
                c if c.is_whitespace() => {
                    line_start |= c == '\n';
                    self.bump();
                }
                '#' if line_start => self.skip_line(),
                '/' => {
                    let spot = self.at;
                    self.bump();
                    match self.chars.peek() {
                        Some('/') => self.skip_line(),
                        Some('*') => self.skip_comment(spot)?,
                        _ => return Err((spot, "`/` is not part of any word".to_owned())),
                    }
                }
                _ => break,
            }
        }
        Ok(())
    }

    fn skip_line(&mut self) {
        while self.chars.peek().is_some_and(|&c| c != '\n') {
            self.bump();
        }
    }

    /// Skips a comment from its `*` on.
    fn skip_comment(&mut self, spot: Spot) -> Result<(), Refusal> {
        self.bump();
        let mut last = ' ';
        while let Some(c) = self.bump() {
            if (last, c) == ('*', '/') {
                return Ok(());
            }
            last = c;
        }
        Err((spot, "the comment does not end".to_owned()))
    }

    fn plain(&mut self, first: char) -> String {
        let mut text = String::from(first);
        while let Some(&c) = self.chars.peek().filter(|&&c| is_name(c)) {
            text.push(c);
            self.bump();
        }
        text
    }

    fn quoted(&mut self, spot: Spot) -> Result<String, Refusal> {
        let mut text = String::new();
        while let Some(c) = self.bump() {
            match c {
                '"' => return Ok(text),
                '\\' if self.chars.peek() == Some(&'"') => text.extend(self.bump()),
                '\\' if self.chars.peek() == Some(&'\n') => drop(self.bump()),
                c => text.push(c),
            }
        }
        Err((spot, "the quoted name does not end".to_owned()))
    }

    fn html(&mut self, spot: Spot) -> Result<String, Refusal> {
        let mut text = String::new();
        let mut depth = 1usize;
        while let Some(c) = self.bump() {
            match c {
                '<' => depth += 1,
                '>' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(text);
            }
            text.push(c);
        }
        Err((spot, "the HTML string does not end".to_owned()))
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}
