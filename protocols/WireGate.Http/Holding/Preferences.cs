using System.Text;
using WireGate.Http.Http1;

namespace WireGate.Http.Holding;

/// <summary>How a client would have a request that waits answered: Prefer (RFC 7240). What else it prefers is the upstream's to know.</summary>
/// <param name="IsAsync">respond-async: an answer that says where to look, rather than waiting.</param>
/// <param name="Wait">wait: how long it waits for another; null: it does not say.</param>
internal readonly record struct Preferences(bool IsAsync, TimeSpan? Wait)
{
    // delta-seconds of more digits is longer than anybody waits.
    private const int MostDigits = 9;

    /// <summary>Reads them.</summary>
    public static Preferences Of(RequestHead head)
    {
        Preferences found = default;
        foreach (FieldLine field in head.Fields)
        {
            if (field.Name == FieldName.Prefer)
            {
                found = found.And(head.Value(field));
            }
        }

        return found;
    }

    /// <summary>Whether a list says nothing but how its sender waits.</summary>
    public static bool IsOfWaiting(ReadOnlySpan<byte> list)
    {
        foreach (Range element in list.Split((byte)','))
        {
            ReadOnlySpan<byte> name = Read(list[element], out _);
            if (!name.IsEmpty && !Ascii.EqualsIgnoreCase(name, "respond-async"u8) && !Ascii.EqualsIgnoreCase(name, "wait"u8))
            {
                return false;
            }
        }

        return true;
    }

    // The first of a name counts.
    private Preferences And(ReadOnlySpan<byte> list)
    {
        Preferences found = this;
        foreach (Range element in list.Split((byte)','))
        {
            ReadOnlySpan<byte> name = Read(list[element], out ReadOnlySpan<byte> value);
            if (Ascii.EqualsIgnoreCase(name, "respond-async"u8))
            {
                found = found with { IsAsync = true };
            }
            else if (found.Wait is null && Ascii.EqualsIgnoreCase(name, "wait"u8)
                && value.Length <= MostDigits && Grammar.TryReadNumber(value, out long seconds))
            {
                found = found with { Wait = TimeSpan.FromSeconds(seconds) };
            }
        }

        return found;
    }

    // preference = token [ BWS "=" BWS word ] *( OWS ";" [ OWS parameter ] )
    private static ReadOnlySpan<byte> Read(ReadOnlySpan<byte> preference, out ReadOnlySpan<byte> value)
    {
        int end = preference.IndexOf((byte)';');
        preference = end < 0 ? preference : preference[..end];
        int equals = preference.IndexOf((byte)'=');
        value = equals < 0 ? default : Grammar.Trim(preference[(equals + 1)..]).Trim((byte)'"');
        return Grammar.Trim(equals < 0 ? preference : preference[..equals]);
    }
}
