"""The words of a sign in languages in which the rest of the product does not speak (yet).

A sign on a door reaches families whose language no page has, so its few sentences are here
whatever languages a school offers. Names of controls stay as they are on the screen.
"""

from typing import NamedTuple


class Words(NamedTuple):
    """``adult`` has a place for a name, ``anybody`` is for a school that named nobody."""

    line: str
    steps: tuple[str, str, str]
    private: str
    adult: str
    anybody: str


SIGN_WORDS = {
    "ar": Words(
        "هل تحتاج إلى مساعدة؟ ارفع يدك هنا.",
        (
            "وجّه الكاميرا نحو المربع، أو اكتب الرمز في العنوان.",
            "اكتب اسمك.",
            "اضغط على “Raise hand” (ارفع يدك). لا يراه إلا من يساعدونك.",
        ),
        "أمر خاص؟",
        "اضغط على “Get help” أو تحدّث إلى %(name)s.",
        "اضغط على “Get help” أو تحدّث إلى شخص بالغ تثق به.",
    ),
    "de": Words(
        "Kommst du nicht weiter? Melde dich hier.",
        (
            "Halte die Kamera auf das Quadrat oder gib den Code unter der Adresse ein.",
            "Schreib deinen Namen.",
            "Tippe auf „Raise hand“ (melden). Nur wer dir hilft, sieht es.",
        ),
        "Etwas Persönliches?",
        "Tippe auf „Get help“ oder geh zu %(name)s.",
        "Tippe auf „Get help“ oder geh zu jemand Erwachsenem, dem du vertraust.",
    ),
    "es": Words(
        "¿Necesitas ayuda? Levanta la mano aquí.",
        (
            "Apunta la cámara al cuadrado o escribe el código en la dirección.",
            "Escribe tu nombre.",
            "Toca “Raise hand” (levantar la mano). Solo lo ven quienes te ayudan.",
        ),
        "¿Algo privado?",
        "Toca “Get help” o habla con %(name)s.",
        "Toca “Get help” o habla con una persona adulta de confianza.",
    ),
    "fr": Words(
        "Besoin d’aide ? Lève la main ici.",
        (
            "Vise le carré avec l’appareil photo, ou tape le code à cette adresse.",
            "Écris ton nom.",
            "Touche « Raise hand » (lever la main). Seules les personnes qui t’aident le voient.",
        ),
        "Quelque chose de personnel ?",
        "Touche « Get help », ou va voir %(name)s.",
        "Touche « Get help », ou va voir un adulte en qui tu as confiance.",
    ),
    "pl": Words(
        "Nie wiesz, co dalej? Podnieś rękę tutaj.",
        (
            "Skieruj aparat na kwadrat albo wpisz kod pod tym adresem.",
            "Wpisz swoje imię.",
            "Dotknij „Raise hand” (podnieś rękę). Widzą to tylko osoby, które ci pomagają.",
        ),
        "Coś osobistego?",
        "Dotknij „Get help” albo idź do: %(name)s.",
        "Dotknij „Get help” albo idź do dorosłego, któremu ufasz.",
    ),
    "tr": Words(
        "Yardım mı lazım? Burada el kaldır.",
        (
            "Kamerayı kareye tut ya da adreste kodu yaz.",
            "Adını yaz.",
            "“Raise hand” (el kaldır) düğmesine dokun. Bunu yalnızca sana yardım edenler görür.",
        ),
        "Özel bir şey mi?",
        "“Get help” bağlantısına dokun ya da %(name)s ile konuş.",
        "“Get help” bağlantısına dokun ya da güvendiğin bir yetişkinle konuş.",
    ),
    "uk": Words(
        "Потрібна допомога? Підніми руку тут.",
        (
            "Наведи камеру на квадрат або введи код за адресою.",
            "Напиши своє ім’я.",
            "Натисни «Raise hand» (підняти руку). Це бачать лише ті, хто тобі допомагає.",
        ),
        "Щось особисте?",
        "Натисни «Get help» або звернися до: %(name)s.",
        "Натисни «Get help» або звернися до дорослого, якому довіряєш.",
    ),
}
