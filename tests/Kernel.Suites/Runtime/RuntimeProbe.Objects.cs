// RuntimeProbe, objects: allocation, virtual calls, casts, arrays of references, text.

using System;
using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

public static partial class RuntimeProbe
{
    private interface IMarker
    {
    }

    private static void ProbeObjects(ref Tally tally)
    {
        object plain = Conceal(new Dog(3));
        object other = Conceal(new Bird());
        Animal dog = (Animal)plain;
        Animal bird = (Animal)other;
        tally.That(dog.Legs() == 4 && bird.Legs() == 2, "virtual call"u8);
        tally.That(dog.Weight() == 3, "field of a new object"u8);
        tally.That(plain is Dog && plain is Animal, "is: own class and base"u8);
        tally.That(plain is not Bird && other is not Dog, "is: another class"u8);
        tally.That(plain as Bird is null && ReferenceEquals(plain as Dog, dog), "as"u8);
        tally.That(((Dog)plain).Weight() == 3 && ((Animal)other).Legs() == 2, "cast that succeeds"u8);
        tally.That(other is IMarker && plain is not IMarker, "is: interface"u8);
        object? nothing = null;
        tally.That(nothing is not Dog && (Dog?)nothing is null, "cast of null"u8);
        object numbers = Conceal(new int[3]);
        object texts = Conceal(new string[2]);
        tally.That(numbers is int[] && numbers is Array && numbers is not long[], "is: arrays"u8);
        tally.That(texts is string[] && texts is not int[] && numbers is not string[], "is: arrays of references"u8);
        int[] fresh = new int[100];
        tally.That(fresh.Length == 100 && fresh.AsSpan().IndexOfAnyExcept(0) < 0, "a new array is zero"u8);
        int[] empty = new int[0];
        tally.That(empty.Length == 0, "an empty array"u8);
        Animal?[] zoo = (Animal?[])Conceal(new Animal?[4]);
        zoo[0] = dog;
        zoo[1] = bird;
        zoo[2] = null;
        int legs = 0;
        foreach (Animal? animal in zoo)
        {
            legs += animal?.Legs() ?? 0;
        }

        tally.That(legs == 6, "an array of references"u8);
        Wide[] structs = new Wide[3];
        structs[1].Third = 7;
        tally.That(structs[1].Third == 7 && structs[0].Third == 0 && structs[2].Third == 0, "an array of structs"u8);
        Node? list = null;
        for (int i = 0; i < 10; i++)
        {
            list = new Node(i) { Next = list };
        }

        int sum = 0;
        for (Node? node = list; node is not null; node = node.Next)
        {
            sum += node.Value;
        }

        tally.That(sum == 45, "a list of objects"u8);
        Array.Fill(fresh, 6);
        tally.That(fresh[99] == 6 && fresh.AsSpan().IndexOfAnyExcept(6) < 0, "Array.Fill"u8);
        Array.Clear(fresh);
        tally.That(fresh.AsSpan().IndexOfAnyExcept(0) < 0, "Array.Clear"u8);
    }

    private static void ProbeText(ref Tally tally)
    {
        string text = "kernel";
        tally.That(text.Length == 6 && text[0] == 'k' && text[5] == 'l', "string: characters"u8);
        int vowels = 0;
        foreach (char c in text)
        {
            vowels += c is 'a' or 'e' or 'i' or 'o' or 'u' ? 1 : 0;
        }

        tally.That(vowels == 2, "string: foreach"u8);
        tally.That(text == "ker" + "nel" && text != "Kernel" && text != "kerne", "string: equality"u8);
        tally.That(Day("tue") == 2 && Day("sun") == 7 && Day("") == 0, "string: switch"u8);
        tally.That(text.AsSpan()[1..3].SequenceEqual("er"), "string: span"u8);
        tally.That(string.IsNullOrEmpty("") && string.IsNullOrEmpty(null) && !string.IsNullOrEmpty(text), "string: IsNullOrEmpty"u8);
        tally.That("  a b\t\n".AsSpan().Trim().SequenceEqual("a b"), "string: Trim"u8);
        tally.That(
            char.IsAsciiDigit('7') && !char.IsAsciiDigit('x') && char.IsAsciiHexDigit('F') && !char.IsAsciiHexDigit('g'),
            "char classes"u8);
        ReadOnlySpan<byte> bytes = "naïve"u8;
        tally.That(bytes.Length == 6 && bytes[2] == 0xc3 && bytes[3] == 0xaf, "UTF-8 literal"u8);
    }

    // The compiler knows the exact type of a new object and would answer the questions itself.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static object Conceal(object value) => value;

    private static int Day(string name) => name switch
    {
        "mon" => 1,
        "tue" => 2,
        "wed" => 3,
        "thu" => 4,
        "fri" => 5,
        "sat" => 6,
        "sun" => 7,
        _ => 0,
    };

    private abstract class Animal
    {
        internal abstract int Legs();

        internal virtual int Weight() => 1;
    }

    private sealed class Dog : Animal
    {
        private readonly int _weight;

        internal Dog(int weight) => _weight = weight;

        internal override int Legs() => 4;

        internal override int Weight() => _weight;
    }

    private sealed class Bird : Animal, IMarker
    {
        internal override int Legs() => 2;
    }
}
