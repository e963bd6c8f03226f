using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Http.Holding;
using WireGate.Http.Http1;

namespace WireGate.Http.Credentials.Bodies;

/// <summary>
/// Looks for a placeholder in what the bytes of a body stand for: what is compressed in it, UTF-16 and UTF-32, and the escapes of a form or of JSON. The bytes themselves go on, as they
/// came, once that was looked through; of what may be the rest of a placeholder nothing does. For one body, on the loop.
/// </summary>
internal sealed class DecodedGuard : IDisposable
{
    /// <summary>The problem of one whose client was gone before all of it was looked through.</summary>
    public const string Left = "a body that nobody waits for";

    // So much is decoded on the loop, and then what came with it elsewhere, so that others have their turn: a piece of a hundred bytes may stand for as much.
    private const int DecodedHere = 32 * 1024;

    // So much of it is decoded there before it is another's turn.
    private const int DecodedAtOnce = 1024 * 1024;

    // Bytes that stand for the rest of a placeholder, or for nothing.
    private const int MostHeld = 256 * 1024;

    // Bytes that are decoded, and whose escapes are read, at once.
    private const int Step = 4 * 1024;

    private readonly EventLoop _loop;
    private readonly BodyTurns _turns;
    private readonly Identity _identity;
    private readonly Func<bool> _isGone;
    private readonly BodyDecoder? _decoder;
    private readonly PlaceholderGuard _search = new();
    private readonly byte[] _decoded;
    private readonly bool _isForm;
    private readonly bool _isJson;
    private FormEscapes _formEscapes;
    private JsonEscapes _jsonEscapes;
    private byte[] _narrowed = [];
    private byte[] _read = [];
    private byte[] _held = [];
    private int _heldLength;
    private bool _isReleased;
    private bool _isWide;
    private byte _first;
    private int _looked;
    private long _out;
    private long _outHere = DecodedHere;

    private DecodedGuard(EventLoop loop, BodyTurns turns, Identity identity, Func<bool> isGone, BodyDecoder? decoder, bool isForm, bool isJson, bool isWide)
    {
        (_loop, _turns, _identity, _isGone) = (loop, turns, identity, isGone);
        (_decoder, _isForm, _isJson, _isWide) = (decoder, isForm, isJson, isWide);
        _decoded = decoder is null ? [] : new byte[Step];
    }

    /// <summary>Why nothing more passes; null: it does.</summary>
    public string? Problem { get; private set; }

    /// <summary>The guard of a body; null: it stands for nothing else, as far as its head says.</summary>
    /// <param name="head">What is before it.</param>
    /// <param name="loop">Where it is looked through.</param>
    /// <param name="held">What is held of bodies.</param>
    /// <param name="identity">Whose request it is.</param>
    /// <param name="accepted">In which codings it may be.</param>
    /// <param name="isGone">Who sent it is gone. Asked on the loop.</param>
    public static DecodedGuard? Of(RequestHead head, EventLoop loop, HeldInProcess held, Identity identity, RequestCodings accepted, Func<bool> isGone)
    {
        bool isForm = false, isJson = false, isWide = false;
        foreach (ref readonly FieldLine field in head.Fields)
        {
            if (field.Name == FieldName.ContentType)
            {
                isForm |= IsForm(head.Value(field));
                isJson |= IsJson(head.Value(field));
                isWide |= ContentTypes.IsWide(head.Value(field));
            }
        }

        var codings = BodyCodings.Of(head);
        BodyDecoder? decoder = BodyDecoder.Of(codings, held, identity);
        string? problem = codings.Coding == BodyCoding.Unknown && accepted != RequestCodings.Any ? BodyCodings.Unknown : null;
        return problem is null && decoder is null && !isForm && !isJson && !isWide ? null
            : new DecodedGuard(loop, held.Turns, identity, isGone, decoder, isForm, isJson, isWide) { Problem = problem };
    }

    /// <summary>Takes the next bytes of it. Continues on the loop.</summary>
    /// <param name="run">They; borrowed until it completes.</param>
    /// <returns>What passes, as it came, which may be none: they, or others before them as well; valid until the next call. Null: nothing more does.</returns>
    public ValueTask<ReadOnlyMemory<byte>?> TakeAsync(ReadOnlyMemory<byte> run)
    {
        if (_isReleased)
        {
            (_heldLength, _isReleased) = (0, false);
        }

        return Look(run) ? LookOnAsync(run) : new ValueTask<ReadOnlyMemory<byte>?>(Pass(run));
    }

    /// <summary>It has ended: what was kept back was the beginning of nothing.</summary>
    public ReadOnlyMemory<byte> Rest() => _isReleased ? default : _held.AsMemory(0, _heldLength);

    /// <inheritdoc/>
    public void Dispose()
    {
        _decoder?.Dispose();
        _search.Forget();
        CryptographicOperations.ZeroMemory(_decoded);
        CryptographicOperations.ZeroMemory(_narrowed);
        CryptographicOperations.ZeroMemory(_read);
        CryptographicOperations.ZeroMemory(_held);
    }

    // By its beginning: what ends a type there is not the same for all who read it.
    private static bool IsForm(ReadOnlySpan<byte> type)
    {
        ReadOnlySpan<byte> form = "application/x-www-form-urlencoded"u8;
        return type.Length >= form.Length && Ascii.EqualsIgnoreCase(type[..form.Length], form);
    }

    // By what is in it: application/problem+json; charset=utf-8, and what ends in a comma or a blank.
    private static bool IsJson(ReadOnlySpan<byte> type)
    {
        ReadOnlySpan<byte> json = "json"u8;
        for (; type.Length >= json.Length; type = type[1..])
        {
            if (Ascii.EqualsIgnoreCase(type[..json.Length], json))
            {
                return true;
            }
        }

        return false;
    }

    private async ValueTask<ReadOnlyMemory<byte>?> LookOnAsync(ReadOnlyMemory<byte> run)
    {
        while (await _turns.TakeAsync(_identity, () => LookOn(_out + DecodedAtOnce)))
        {
            await _loop.Switch();
            if (_isGone())
            {
                Problem = Left;
                return null;
            }
        }

        await _loop.Switch();
        _outHere = _out + DecodedHere;
        return Pass(run);
    }

    private ReadOnlyMemory<byte>? Pass(ReadOnlyMemory<byte> run)
    {
        bool mayBeOne = _search.Rest().Length > 0;
        if (Problem is null && mayBeOne && _heldLength + run.Length > MostHeld)
        {
            Problem = "a body that may have a placeholder, and does not say so";
        }

        if (Problem is not null)
        {
            return null;
        }

        if (!mayBeOne && _heldLength == 0)
        {
            return run;
        }

        if (_heldLength + run.Length > _held.Length)
        {
            byte[] larger = new byte[Math.Max(2 * _held.Length, _heldLength + run.Length)];
            _held.AsSpan(0, _heldLength).CopyTo(larger);
            CryptographicOperations.ZeroMemory(_held);
            _held = larger;
        }

        run.CopyTo(_held.AsMemory(_heldLength));
        _heldLength += run.Length;
        _isReleased = !mayBeOne;
        return mayBeOne ? ReadOnlyMemory<byte>.Empty : _held.AsMemory(0, _heldLength);
    }

    /// <returns>There is more to look through than what is done at once.</returns>
    private bool Look(ReadOnlyMemory<byte> run)
    {
        if (_decoder is not null)
        {
            _decoder.Give(run);
            return LookOn(_outHere);
        }

        Search(run);
        return false;
    }

    private bool LookOn(long until)
    {
        try
        {
            while ((Problem ??= _decoder!.Problem) is null && _out < until)
            {
                int count = _decoder!.Read(_decoded);
                if (count == 0)
                {
                    Problem = _decoder.Problem ?? (_decoder.HasMore ? "a compressed body with more behind its end" : null);
                    return false;
                }

                _out += count;
                Search(_decoded.AsMemory(0, count));
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            Problem = "a body that is not compressed as it says";
        }

        return Problem is null;
    }

    private void Search(ReadOnlyMemory<byte> text)
    {
        LookForWide(text.Span);

        // Of most JSON nothing is copied.
        bool isRead = _isForm || _isWide || (_isJson && (_jsonEscapes.IsWithin || text.Span.Contains((byte)'\\')));
        while (!text.IsEmpty && Problem is null)
        {
            ReadOnlyMemory<byte> step = text;
            if (isRead)
            {
                step = text[..Math.Min(text.Length, Step)];
                text = text[step.Length..];
                step = Read(step.Span);
            }
            else
            {
                text = default;
            }

            if (!step.IsEmpty && !_search.TryTake(step, out _, out _))
            {
                Problem = PlaceholderGuard.Found;
            }
        }
    }

    // Of ASCII in UTF-16 and UTF-32 one of the first two octets is zero (RFC 4627 section 3), unless there is a mark before it.
    private void LookForWide(ReadOnlySpan<byte> text)
    {
        for (int i = 0; _looked < 2 && i < text.Length; i++, _looked++)
        {
            _isWide |= text[i] == 0 || (_looked == 1 && (_first, text[i]) is (0xFF, 0xFE) or (0xFE, 0xFF));
            _first = text[i];
        }
    }

    private ReadOnlyMemory<byte> Read(ReadOnlySpan<byte> step)
    {
        if (_isWide)
        {
            step = Narrow(step);
        }

        if (!_isForm && !_isJson)
        {
            return _narrowed.AsMemory(0, step.Length);
        }

        if (_read.Length == 0)
        {
            _read = new byte[Step + 2];
        }

        int count = step.Length;
        if (_isForm)
        {
            count = _formEscapes.Decode(step, _read);
            step = _read.AsSpan(0, count);
        }

        // In place: none becomes longer.
        return _read.AsMemory(0, _isJson ? _jsonEscapes.Decode(step, _read) : count);
    }

    private ReadOnlySpan<byte> Narrow(ReadOnlySpan<byte> step)
    {
        if (_narrowed.Length == 0)
        {
            _narrowed = new byte[Step];
        }

        int count = 0;
        foreach (byte b in step)
        {
            _narrowed[count] = b;
            count += b == 0 ? 0 : 1;
        }

        return _narrowed.AsSpan(0, count);
    }
}
