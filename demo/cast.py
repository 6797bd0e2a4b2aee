"""Who is in the made-up school, what they work on and what they say. Words alone, no code.

The names are made up; any likeness is chance.
"""

from typing import NamedTuple

SCHOOL = "Hill School"


class Account(NamedTuple):
    name: str
    email: str


HOPPER = Account("Ms Hopper", "hopper@hill-school.example")
TURING = Account("Mr Turing", "turing@hill-school.example")
RAMANUJAN = Account("Mrs Ramanujan", "ramanujan@hill-school.example")
FRANKLIN = Account("Dr Franklin", "franklin@hill-school.example")

#: Staff whom a visitor can be, by the word in the address. The assistant has no tile: that is
#: who helps while the living class is at work (demo.living), so that no visitor is in the way.
ACCOUNTS = {"teacher": HOPPER, "assistant": TURING, "admin": FRANKLIN}


class ClassPlan(NamedTuple):
    """A class as it is made: ``starts`` is the school's clock, ``asks`` hands in a lesson."""

    name: str
    teacher: Account
    starts: tuple[int, int]
    asks: tuple[int, int]
    tasks: list[str]
    students: list[str]


#: Task → what students say about it.
SAID = {
    "Your name in lights": [
        "My name prints, but all on one line. How do I get a new line for each letter?",
        "It says SyntaxError and points at the quote. I looked and cannot see it.",
        "I want the letters to be in two colours.",
    ],
    "Loops that count": [
        "My loop stops at 9 and I wanted 10. I changed the number and now it starts at 1.",
        "It runs for ever. I think I forget to add 1, but where does it go?",
        "I do not understand what range(2, 20, 2) does with the last number.",
        "How do I count down instead of up?",
    ],
    "A quiz with if and else": [
        "Both answers get printed, the right one and the other one too.",
        "It never goes into the if, even when I type the right word. Is it capital letters?",
        "I have if, elif, elif, else. Can there be two elifs?",
    ],
    "A list of animals": [
        "How do I take out the animal that was typed in and not the last one?",
        "IndexError: list index out of range. The list has 5 animals and I asked for number 5.",
        "I printed the list and it has brackets. Can it be without?",
    ],
    "Your own function": [
        "My function prints None after the answer.",
        "What is the difference between print and return? I read the sheet twice.",
        "Can a function call itself? I would like to draw a tree.",
    ],
    "Make it better": [
        "Does somebody have time to try my quiz and tell me what is unclear?",
        "I would like to keep the results in a file. Where do I start?",
    ],
    "Number lines": [
        "Where does 3/4 go when the line only shows tenths?",
        "I am not sure about the negative side: is -3 left of -2?",
    ],
    "Adding fractions": [
        "I found 12 for the bottom, but then my top number is bigger than the bottom.",
        "Do I have to make the bottoms the same first? I did 1/2 + 1/3 = 2/5 and it looks odd.",
        "How do I know when I cannot make it any smaller?",
        "Question 6 has whole numbers too. Do I add them first?",
    ],
    "Fractions of an amount": [
        "Is 2/5 of 40 the same as 40 divided by 5 and then times 2?",
        "Mine came out with a remainder. Is that allowed?",
    ],
    "Ratio and recipes": [
        "The recipe is for 4 and I need 10 people. I doubled it and now I am stuck.",
        "Is 2:3 the same as 2/3?",
        "I do not know which number to divide by.",
    ],
    "Challenge: the bakery": [
        "We got two different answers and both look fine. Could you look?",
        "I think there is a trick in part c.",
    ],
    "Measure g with a pendulum": [
        "Our time for ten swings changes by half a second each go. Is that too much?",
        "Do we measure to the bottom of the bob or to its middle?",
    ],
    "Plot the graph": [
        "Should T squared be on the y-axis? My line is curved.",
        "How do I choose the scale so that the points fill the page?",
    ],
    "Uncertainties": [
        "Do I add the percentages or the absolute ones when I square T?",
        "Is the ruler 1 mm or half a mm?",
        "My answer is 9.6 and 0.7 either side. Is that a good result?",
    ],
    "Exam question 4": [
        "I have part a and b. What does “suggest” want from me in part c?",
        "Which equation is it? The sheet has three with v in them.",
    ],
}
#: For a task nobody here knows.
SAID_ANYWHERE = [
    "I have read it twice and do not know how to begin.",
    "I think it works, but I am not sure why.",
    "Could you look at my last step?",
]

CLASSES = [
    ClassPlan(
        name="Year 9 Computing",
        teacher=HOPPER,
        starts=(9, 10),
        asks=(7, 10),
        tasks=[
            "Your name in lights",
            "Loops that count",
            "A quiz with if and else",
            "A list of animals",
            "Your own function",
            "Make it better",
        ],
        students=[
            "Amira Haddad",
            "Zoë van Dijk",
            "Nguyễn Minh Anh",
            "Oluwaseun Adeyemi",
            "Mateo Hernández",
            "نور الخطيب",
            "Siobhán O’Rourke",
            "李思雨",
            "Björk Jónsdóttir",
            "Priya Natarajan",
            "Łukasz Wiśniewski",
            "מאיה לוי",
            "Tariq Mahmood",
            "Chloé Lefèvre",
            "Kwame Boateng",
            "İpek Yıldız",
            "Jack Thompson",
            "Sofía Ibáñez",
            "Дарина Коваль",
            "Ravi Chandrasekaran",
            "Mei-Ling Chen",
            "Noah Schäfer",
            "Fatoumata Traoré",
            "Eleni Papadaki",
        ],
    ),
    ClassPlan(
        name="Year 7 Maths",
        teacher=RAMANUJAN,
        starts=(10, 20),
        asks=(6, 9),
        tasks=[
            "Number lines",
            "Adding fractions",
            "Fractions of an amount",
            "Ratio and recipes",
            "Challenge: the bakery",
        ],
        students=[
            "Adaeze Okonkwo",
            "Bilal Rahman",
            "Camille Dubois",
            "Trần Bảo Ngọc",
            "Dylan Price",
            "Emre Şahin",
            "יונתן כהן",
            "Freya Lindqvist",
            "Gintarė Kazlauskienė",
            "王子涵",
            "Hamza El Idrissi",
            "Imogen Clarke",
            "Jesús Ortega",
            "Kavya Reddy",
            "Leilani Kealoha",
            "ليلى منصور",
            "Małgorzata Zając",
            "Niamh Gallagher",
            "Omar Farouk",
            "Petr Dvořák",
            "Rania Khoury",
            "Sanjay Patel",
            "Thandiwe Nkosi",
            "Uxue Etxeberria",
            "Виктор Петров",
            "Yuki Tanaka",
        ],
    ),
    ClassPlan(
        name="Year 12 Physics",
        teacher=HOPPER,
        starts=(13, 30),
        asks=(6, 6),
        tasks=["Measure g with a pendulum", "Plot the graph", "Uncertainties", "Exam question 4"],
        students=[
            "Aaliyah Simmons",
            "Bence Szűcs",
            "Conor Walsh",
            "Đặng Quang Huy",
            "Esra Aydın",
            "김하늘",
            "Ingrid Sørensen",
            "João Figueiredo",
            "Khadija Osman",
            "رامي سعيد",
            "Maëlle Girard",
            "Swati Kulkarni",
        ],
    ),
]

#: Who joins the first class by its code while the living class is at work.
NEWCOMERS = [
    "Abena Mensah",
    "Lê Thu Hà",
    "Rubén Castaño",
    "هدى السالم",
    "Olivia Bennett",
    "Søren Madsen",
    "נועה פרץ",
    "陈浩然",
    "Anaïs Moreau",
    "Dmytro Shevchenko",
    "Farah Aziz",
    "Tomáš Horák",
    "Wanjiru Kamau",
    "Gülşen Demir",
    "Hugo Almeida",
    "Ishaan Mehta",
    "Kiri Parata",
    "Lotte Bakker",
    "Marek Nowak",
    "Nkechi Eze",
    "Pilar Rojas",
    "Quinn Doherty",
    "Ryo Nakamura",
    "Saoirse Byrne",
    "Tala Reyes",
    "Usha Pillai",
    "Vera Ivanova",
    "Yasmin Saleh",
    "Zsófia Kiss",
    "Élodie Martin",
]
