"""The emoji names that bots and their people use on call; any other name stays as it was typed."""

_TABLE = """
    +1=👍 -1=👎 thumbsup=👍 thumbsdown=👎 wave=👋 eyes=👀 clap=👏 pray=🙏 muscle=💪 raised_hands=🙌
    point_right=👉 white_check_mark=✅ heavy_check_mark=✔️ ballot_box_with_check=☑️ x=❌
    heavy_multiplication_x=✖️ warning=⚠️ red_circle=🔴 large_orange_circle=🟠 orange_circle=🟠
    large_yellow_circle=🟡 yellow_circle=🟡 large_green_circle=🟢 green_circle=🟢
    large_blue_circle=🔵 blue_circle=🔵 white_circle=⚪ black_circle=⚫ large_purple_circle=🟣
    red_square=🟥 large_red_square=🟥 large_green_square=🟩 large_yellow_square=🟨
    small_red_triangle=🔺 small_red_triangle_down=🔻 arrow_up=⬆️ arrow_down=⬇️ arrow_right=➡️
    arrow_left=⬅️ arrow_upper_right=↗️ arrow_lower_right=↘️ leftwards_arrow_with_hook=↩️
    arrow_right_hook=↪️ arrows_counterclockwise=🔄 repeat=🔁 rewind=⏪ fast_forward=⏩
    arrow_forward=▶️ double_vertical_bar=⏸️ pause_button=⏸️ stop_button=⏹️
    black_square_for_stop=⏹️ no_entry=⛔ no_entry_sign=🚫 octagonal_sign=🛑 rotating_light=🚨
    fire=🔥 boom=💥 zap=⚡ bell=🔔 no_bell=🔕 loudspeaker=📢 mega=📣 mute=🔇 sos=🆘 hourglass=⌛
    hourglass_flowing_sand=⏳ stopwatch=⏱️ alarm_clock=⏰ watch=⌚ clock1=🕐 clock3=🕒 calendar=📅
    date=📅 zzz=💤 sleeping=😴 ocean=🌊 droplet=💧 sunny=☀️ cloud=☁️ snowflake=❄️ umbrella=☔
    thermometer=🌡️ rainbow=🌈 seedling=🌱 herb=🌿 chart_with_upwards_trend=📈
    chart_with_downwards_trend=📉 bar_chart=📊 mag=🔍 microscope=🔬 telescope=🔭 test_tube=🧪
    bulb=💡 wrench=🔧 hammer=🔨 hammer_and_wrench=🛠️ tools=🛠️ gear=⚙️ nut_and_bolt=🔩 toolbox=🧰
    package=📦 inbox_tray=📥 outbox_tray=📤 floppy_disk=💾 card_file_box=🗃️ wastebasket=🗑️
    lock=🔒 unlock=🔓 key=🔑 shield=🛡️ link=🔗 paperclip=📎 pushpin=📌 round_pushpin=📍 memo=📝
    pencil=📝 pencil2=✏️ page_facing_up=📄 scroll=📜 clipboard=📋 notebook=📓 books=📚 book=📖
    speech_balloon=💬 thought_balloon=💭 email=✉️ phone=☎️ telephone_receiver=📞 pager=📟
    satellite=🛰️ robot_face=🤖 rocket=🚀 airplane=✈️ checkered_flag=🏁
    triangular_flag_on_post=🚩 trophy=🏆 1st_place_medal=🥇 medal=🏅 crown=👑 crossed_swords=⚔️
    vs=🆚 new=🆕 ok=🆗 up=🆙 cool=🆒 information_source=ℹ️ question=❓ grey_question=❔
    exclamation=❗ bangbang=‼️ construction=🚧 ghost=👻 bug=🐛 hatching_chick=🐣 canary=🐤
    baby_chick=🐤 tada=🎉 sparkles=✨ star=⭐ star2=🌟 100=💯 heart=❤️ broken_heart=💔
    slightly_smiling_face=🙂 smile=😄 thinking_face=🤔 sweat_smile=😅 cry=😢 scream=😱
    sunglasses=😎 hand=✋ raised_hand=✋ handshake=🤝 bust_in_silhouette=👤 busts_in_silhouette=👥
    scales=⚖️ balance_scale=⚖️ infinity=♾️ heavy_minus_sign=➖ heavy_plus_sign=➕ one=1️⃣
    two=2️⃣ three=3️⃣
"""

KNOWN = {name: sign for name, _, sign in (pair.partition("=") for pair in _TABLE.split())}
