using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Http.Credentials;
using WireGate.Http.Credentials.Bodies;
using WireGate.Http.Holding;
using WireGate.Http.Http1;

namespace WireGate.Http.Relaying;

/// <content>Placeholders in bodies, of the paths that a login names.</content>
internal sealed partial class Exchange
{
    // Whoever sends it has not proven anything yet.
    private const int MostOfFields = 64 * 1024;

    private BodyField? _field;
    private SecretBuffer? _swapped;

    private BodySource? OwnSource => _swapped is { } swapped
        ? new BodySource(PipeReader.Create(new ReadOnlySequence<byte>(swapped.Memory)), new BodyLength(BodyKind.Counted, swapped.Length)) : null;

    /// <summary>Reads the body of a path that a login of the target names, and finds out whether its placeholder is there.</summary>
    /// <returns>What the exchange ends with; null: it goes on.</returns>
    private async ValueTask<bool?> TakeBodyAsync()
    {
        if (PointersOf(TargetOf(Session.Config)) is not { } pointers)
        {
            return null;
        }

        if (FormOf(out bool isForm) is { } unfit)
        {
            return await BreakAsync(415, unfit);
        }

        try
        {
            HeldBodyEnd end = Head.Body.Count > MostOfFields
                ? HeldBodyEnd.TooLong : await CollectAsync(MostOfFields, Head.ExpectsContinue, Session.Config.Limits.RequestHead);
            Head.Asked();
            switch (end)
            {
                case HeldBodyEnd.TooLong:
                    return await BreakAsync(413, $"a body of more than {MostOfFields} bytes, which is not looked through for a placeholder");
                case HeldBodyEnd.NoRoom:
                    return await BreakAsync(503, "the body has to be looked through, and too much waits already: try again later");
                case HeldBodyEnd.SourceClosed:
                    client.Cut(SessionEnd.ClientClosed, "within the body of a request");
                    return false;
                default:
                    break;
            }
        }
        catch (ProtocolException e)
        {
            return await BreakAsync(400, e.Message);
        }

        return FindField(isForm, pointers) is { } problem ? await BreakAsync(400, problem) : null;
    }

    /// <returns>Null: no login names the path.</returns>
    private List<string>? PointersOf(TargetConfig? target)
    {
        List<string>? pointers = null;
        HttpPath? path = null;
        for (int i = 0; i < target?.Logins.Length; i++)
        {
            if (target.Logins[i].Http?.InBody is { } body && IsPathOf(body, path ??= new HttpPath(PathOf(Head.ReadTarget()))))
            {
                (pointers ??= []).Add(body.Name);
            }
        }

        return pointers;
    }

    private static bool IsPathOf(HttpLoginConfig body, HttpPath path)
    {
        foreach (PathPattern pattern in body.Paths)
        {
            if (pattern.Matches(path))
            {
                return true;
            }
        }

        return false;
    }

    /// <returns>Why it cannot be looked through; null: it can.</returns>
    private string? FormOf(out bool isForm)
    {
        bool isOther = JsonBody.IsOther(Head, out isForm);
        return JsonBody.IsCompressed(Head) ? "a compressed body, which is not looked through for a placeholder"
            : isOther ? "a body that is neither JSON nor a form in UTF-8, and is not looked through for a placeholder"
            : null;
    }

    private string? FindField(bool isForm, List<string> pointers)
    {
        Span<byte> token = stackalloc byte[PlaceholderToken.Length];
        _field = BodyField.Find(_heldBody!.Bytes, isForm, pointers, token, out string? problem);
        CryptographicOperations.ZeroMemory(token);
        return problem;
    }

    /// <summary>Takes the placeholder out of the body.</summary>
    /// <returns>False: there is one in the head, too.</returns>
    private bool TryTakeField(ref PlaceholderSlot slot, Span<byte> token)
    {
        if (slot.Kind != SlotKind.None)
        {
            return false;
        }

        BodyField.Find(_heldBody!.Bytes, _field!.IsForm, [_field.Pointer], token, out _);
        slot = new PlaceholderSlot(SlotKind.Body);
        return true;
    }

    /// <summary>Whether the login wants a placeholder where the body has one.</summary>
    private bool IsFieldOf(HttpLoginConfig? login) =>
        login?.InBody is { } body && body.Name == _field?.Pointer && IsPathOf(body, new HttpPath(PathOf(Head.ReadTarget())));

    /// <summary>What of a login stands in this request: in the body, or in the head.</summary>
    private HttpLoginConfig Shown(LoginConfig login) => _slot.Kind == SlotKind.Body ? login.Http!.InBody! : login.Http!;

    /// <summary>Makes the body that is sent.</summary>
    private void Swap(Credential credential)
    {
        if (_field is { } field)
        {
            _swapped?.Dispose();
            _swapped = new SecretBuffer();
            credential.WriteBody(_swapped, _heldBody!.Bytes.Span, field);
        }
    }

    /// <summary>Makes the body that people see.</summary>
    private void HideField()
    {
        if (_field is not null)
        {
            using var hidden = Credential.Hidden(Shown(Access.Login));
            Swap(hidden);
        }
    }
}
