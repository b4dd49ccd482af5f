// First names, most popular first, from which the realistic data set's 3,000 names are made.
#pragma once

#include <string_view>

namespace telekv::bench {

inline constexpr std::string_view kCyrillicNames =
    "Александр Дмитрий Максим Сергей Андрей Алексей Артём Илья Кирилл Михаил Никита Матвей "
    "Роман Егор Арсений Иван Денис Евгений Даниил Тимофей Владислав Игорь Владимир Павел "
    "Руслан Марк Константин Тимур Олег Ярослав Антон Николай Глеб Данил Савелий Вадим Степан "
    "Юрий Богдан Артур Семен Макар Лев Виктор Елисей Виталий Вячеслав Захар Мирон Дамир "
    "Георгий Давид Платон Анатолий Григорий Демид Данила Станислав Василий Федор Родион "
    "Леонид Одиссей Валерий Святослав Борис Эдуард Марат Герман Даниэль Петр Амир Всеволод "
    "Мирослав Гордей Артемий Эмиль Назар Анастасия Мария Анна Виктория Екатерина Наталья "
    "Марина Полина София Дарья Алиса Ксения Александра Елена Ольга Татьяна Юлия Ирина "
    "Светлана Кристина Алина Валерия Вероника Диана Маргарита Яна Оксана Галина Людмила "
    "Надежда Любовь Вера Нина Лариса Жанна Инна Карина Милана Ева Ульяна Злата Эльвира "
    "Регина Камилла Аделина Майя Эмилия Саша Дима Макс Серёга Андрюха Лёха Тёма Миша Никитос "
    "Рома Ваня Ден Женя Даня Влад Вова Паша Русик Костя Тим Антоха Коля Вадик Стёпа Юра Витя "
    "Слава Гриша Стас Вася Федя Лёня Боря Эдик Петя Настя Маша Аня Вика Катя Наташа Соня "
    "Даша Ксюша Лена Оля Таня Юля Ира Света Крис Лера Рита Оксанка Галя Люда Надя Люба";

inline constexpr std::string_view kLatinNames =
    "Alexander Dmitry Maxim Sergey Andrey Alexey Artem Ilya Kirill Mikhail Nikita Roman Egor "
    "Ivan Denis Eugene Daniel Timothy Vlad Igor Vladimir Paul Ruslan Mark Konstantin Timur "
    "Oleg Yaroslav Anton Nick Gleb Vadim Stepan Yuri Bogdan Arthur Simon Leo Victor Vitaly "
    "George David Anatoly Greg Stan Basil Ted Leonid Boris Edward Herman Peter Amir Emil "
    "Anastasia Maria Anna Victoria Kate Natalie Marina Pauline Sofia Daria Alice Xenia "
    "Alexandra Helen Olga Tatiana Julia Irina Svetlana Christina Alina Valerie Veronica "
    "Diana Margaret Yana Oksana Galina Nina Larisa John James Robert Michael William Richard "
    "Joseph Thomas Charles Chris Matthew Anthony Donald Steven Andrew Joshua Ken Kevin Brian "
    "Tim Ronald Jason Jeff Ryan Jacob Gary Nicholas Eric Jonathan Stephen Larry Justin Scott "
    "Brandon Ben Samuel Frank Raymond Jack Dennis Jerry Tyler Aaron Jose Adam Nathan Henry "
    "Zachary Douglas Kyle Ahmed Mohammed Ali Omar Hassan Hussein Reza Mehdi Amin Hamid "
    "Fatima Aisha Zahra Sara Rahul Amit Raj Priya Anjali Vikram Sanjay Budi Agus Siti Dewi "
    "Putri Carlos Juan Luis Miguel Pedro Jorge Lucia Carmen Elena Rosa Lucas Gabriel Rafael "
    "Mateus Bruno Mehmet Mustafa Ayse Fatma Emre Can Deniz Jasur Aziz Dilshod Nodir Aigerim "
    "Nurlan Daniyar";

}  // namespace telekv::bench
