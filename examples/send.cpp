// Sends one mail from C++ and prints what became of it. What the library hands out is freed by its owner's
// end, whatever happens.
//
//   c++ send.cpp -o send $(pkg-config --cflags --libs mailenhance)
//   ./send AppSetting.json wong@example.hk price.pdf
#include <mes/mes.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace
{

template <typename T, void (*release)(T **)> struct Releaser {
    void operator()(T *held) const
    {
        release(&held);
    }
};

using Accounts = std::unique_ptr<mes_account_list, Releaser<mes_account_list, mes_account_list_free>>;
using Sender = std::unique_ptr<mes_sender, Releaser<mes_sender, mes_sender_free>>;
using Message = std::unique_ptr<mes_message, Releaser<mes_message, mes_message_free>>;
using Report = std::unique_ptr<mes_report, Releaser<mes_report, mes_report_free>>;

// Turns a code into an exception that says what is wrong and what to do.
class Error
{
  public:
    operator mes_error *()
    {
        return &error_;
    }

    void check(int code) const
    {
        char text[2048];
        if (code != MES_OK)
            throw std::runtime_error(mes_error_text(&error_, MES_EN, text, sizeof text));
    }

  private:
    mes_error error_ = {};
};

Accounts load(const std::string &path, Error &error)
{
    mes_account_list *list = nullptr;
    error.check(mes_account_list_load(path.c_str(), nullptr, nullptr, nullptr, &list, error));
    return Accounts(list);
}

Sender open(const Accounts &accounts, Error &error)
{
    mes_sender *sender = nullptr;
    error.check(mes_sender_new(accounts.get(), nullptr, &sender, error));
    return Sender(sender);
}

Message compose(const std::string &to, const std::vector<std::string> &files, Error &error)
{
    Message message(mes_message_new());
    if (!message)
        throw std::bad_alloc();
    error.check(mes_message_add_recipient(message.get(), MES_ROLE_TO, to.c_str(), nullptr, error));
    error.check(mes_message_set_subject(message.get(), "你好", error));
    error.check(mes_message_set_html(message.get(), "<p>Sent from <b>C++</b>.</p>", error));
    for (const auto &file : files)
        error.check(mes_message_attach_file(message.get(), file.c_str(), nullptr, nullptr, error));
    return message;
}

Report send(const Sender &sender, const Message &message, Error &error)
{
    mes_report *report = nullptr;
    error.check(mes_send(sender.get(), message.get(), &report, error));
    return Report(report);
}

bool print(const Report &report)
{
    bool all_sent = true;
    for (size_t i = 0; i < mes_report_count(report.get()); i++) {
        const mes_result *result = mes_report_result(report.get(), i);
        std::printf("%s: %s\n", result->recipient, mes_status_name(result->status));
        for (size_t k = 0; k < result->attempt_count; k++) {
            const mes_attempt *attempt = mes_result_attempt(result, k);
            std::printf("  %s: %d %s\n", attempt->account, attempt->code, attempt->reply);
        }
        all_sent = all_sent && result->status == MES_STATUS_SENT;
    }
    return all_sent;
}

} // namespace

int main(int argc, char **argv)
try {
    if (argc < 3)
        return 2;
    Error error;
    const Accounts accounts = load(argv[1], error);
    const Sender sender = open(accounts, error);
    const Message message = compose(argv[2], {argv + 3, argv + argc}, error);
    return print(send(sender, message, error)) ? 0 : 1;
} catch (const std::exception &failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
}
