// Nullable<T>: a value or nothing. Any context; a plain struct.

namespace System;

/// <summary>A value or nothing.</summary>
public readonly struct Nullable<T>
    where T : struct
{
    private readonly bool _hasValue;
    private readonly T _value;

    public Nullable(T value)
    {
        _value = value;
        _hasValue = true;
    }

    public readonly bool HasValue
    {
        get => _hasValue;
    }

    /// <summary>The value. Asking for it when there is none is a fatal error.</summary>
    public readonly T Value
    {
        get
        {
            if (!_hasValue)
            {
                ThrowHelper.NoValue();
            }

            return _value;
        }
    }

    public static implicit operator T?(T value) => new Nullable<T>(value);

    public static explicit operator T(T? value) => value!.Value;

    public readonly T GetValueOrDefault() => _value;

    public readonly T GetValueOrDefault(T defaultValue) => _hasValue ? _value : defaultValue;
}
